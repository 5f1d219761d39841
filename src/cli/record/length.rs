//! How long a recording is, and how often something is recorded.

use std::str::FromStr;
use std::time::Duration;

use clap::CommandFactory;
use clap::error::ErrorKind;

use crate::cli::Cli;
use crate::config::Interval;
use crate::config::value::ValueError;
use crate::root::recording::INSTANTS_AT_MOST;

/// `--for`: whole seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Length(Duration);

impl FromStr for Length {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match humantime::parse_duration(text) {
            Ok(length) if length.as_secs() > 0 && length.subsec_nanos() == 0 => Ok(Self(length)),
            _ => Err("a time in whole seconds would be right, such as 90s, 10m or 2h".to_owned()),
        }
    }
}

impl Length {
    /// How many instants there are in it; bad arguments if there are none, or too many.
    pub(super) fn instants(self, every: Interval) -> Result<u32, clap::Error> {
        let refused = |why: &str| {
            let text = format!("--for {} with --every {every} {why}", humantime::format_duration(self.0));
            Err(Cli::command().error(ErrorKind::ValueValidation, text))
        };
        let instants = self.0.as_secs() / every.duration().as_secs().max(1);
        match u32::try_from(instants) {
            Ok(0) => refused("would be no instant"),
            Ok(instants) if instants as usize <= INSTANTS_AT_MOST => Ok(instants),
            _ => refused(&format!("would be more than the {INSTANTS_AT_MOST} instants of a recording")),
        }
    }
}

/// Understands `--every`.
pub(super) fn every(text: &str) -> Result<Interval, ValueError> {
    Interval::try_from(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instants(length: &str, interval: &str) -> Option<u32> {
        length.parse::<Length>().unwrap().instants(every(interval).unwrap()).ok()
    }

    #[test]
    fn how_many_instants() {
        for (length, every, expected) in [
            ("10m", "10s", Some(60)),
            ("1s", "1s", Some(1)),
            ("59s", "30s", Some(1)),
            ("9s", "10s", None),
            ("131072s", "1s", Some(131_072)),
            ("131073s", "1s", None),
            ("1000 years", "1h", None),
        ] {
            assert_eq!(instants(length, every), expected, "{length} {every}");
        }
    }

    #[test]
    fn what_is_no_length() {
        for text in ["", "0s", "10", "-1s", "1500ms", "ten minutes", "99999999999999999999s"] {
            assert!(text.parse::<Length>().is_err(), "{text}");
        }
    }
}
