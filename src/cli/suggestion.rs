//! What may have been meant by a word that is no command.

use clap::error::{ContextKind, ContextValue};
use clap::{Arg, CommandFactory};

use super::Cli;

/// Suggests the option that is called as a word that was refused: other programs have commands such as `version`, of
/// which clap knows nothing alike.
pub(super) fn suggest_an_option(mut error: clap::Error) -> clap::Error {
    let refused = [ContextKind::InvalidSubcommand, ContextKind::InvalidArg].into_iter().find_map(|kind| {
        let Some(ContextValue::String(word)) = error.get(kind) else { return None };
        Some(word.to_lowercase())
    });
    let command = Cli::command();
    let mut options = command.get_arguments().filter_map(Arg::get_long);
    if let Some(option) = options.find(|option| Some(*option) == refused.as_deref()) {
        error.insert(ContextKind::SuggestedArg, ContextValue::String(format!("--{option}")));
    }
    error
}
