//! Options that every command has.

use std::cell::OnceCell;
use std::path::PathBuf;

use clap::ArgAction;

use super::error::CommandError;
use super::path::path;
use super::privileges;
use crate::config::Config;
use crate::daemon::ConfigFile;
use crate::privileges::Privileges;
use crate::root::Root;

/// They may stand before the command and behind it.
#[derive(Clone, Debug, Default, PartialEq, Eq, clap::Args)]
pub(super) struct GlobalArgs {
    /// The configuration; without this, that of
    /// /etc/conntrack-exporter.toml, which may be absent
    #[arg(long, value_name = "FILE", value_parser = path(), global = true, verbatim_doc_comment)]
    pub(super) config: Option<PathBuf>,

    /// Replay another router's files from DIR: every path
    /// that is read is taken below it, except that of a
    /// FILE named by --config. An instant of a recording,
    /// RECORDING/SECONDS, is as good
    #[arg(long, value_name = "DIR", value_parser = path(), global = true, verbatim_doc_comment)]
    pub(super) root: Option<PathBuf>,

    /// What `root` leads to. Once privileges are given up, nobody may be able to list the instants of a recording.
    #[arg(skip)]
    found: OnceCell<Root>,

    /// This text; behind a command, what it is about
    #[arg(long, short, global = true, action = ArgAction::Help)]
    help: Option<bool>,

    /// The version, and the date of the commit it was built
    /// from
    #[arg(long, short = 'V', global = true, action = ArgAction::Version, verbatim_doc_comment)]
    version: Option<bool>,
}

impl GlobalArgs {
    /// Where the router's files are.
    pub(super) fn root(&self) -> Root {
        let find = || self.root.as_ref().map_or_else(Root::live, Root::replay_instant);
        self.found.get_or_init(find).clone()
    }

    /// Where the configuration is.
    pub(super) fn config_file(&self) -> ConfigFile {
        self.config_file_below(self.root())
    }

    /// Reads the configuration, and gives up the privileges that it doesn't make necessary.
    pub(super) fn prepare(&self) -> Result<(Config, Privileges), CommandError> {
        self.prepare_for(&self.root())
    }

    /// The same for another router than [`root`](Self::root) says.
    pub(super) fn prepare_for(&self, root: &Root) -> Result<(Config, Privileges), CommandError> {
        let file = self.config_file_below(root.clone());
        let config = file.read()?;
        let privileges = Privileges::reduce(&privileges::need(&config, &file, root))?;
        Ok((config, privileges))
    }

    fn config_file_below(&self, root: Root) -> ConfigFile {
        ConfigFile { named: self.config.clone(), root }
    }
}
