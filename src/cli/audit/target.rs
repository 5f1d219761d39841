//! Where the bucket is: by the options, else by the configuration.

use clap::CommandFactory;
use clap::error::ErrorKind;

use super::Args;
use crate::cli::Cli;
use crate::cli::error::CommandError;
use crate::config::Config;
use crate::devices::absolute_path::AbsolutePath;
use crate::influxdb::config::{FilePath, InfluxdbConfig, ServerUrl};
use crate::privileges::Need;
use crate::root::Root;

/// A bucket, and where the files are that it takes to read it.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) influxdb: InfluxdbConfig,
    pub(super) root: Root,
}

impl Target {
    /// By the options of `args`, and what they leave open by `config`. A token goes to no other server than it was meant for:
    /// with another server's address, nothing holds of what is configured of this one.
    pub(super) fn new(args: &Args, config: &Config, root: &Root) -> Result<Self, CommandError> {
        let mut influxdb = match &args.influx {
            Some(url) => InfluxdbConfig { url: ServerUrl(Some(url.clone())), ..InfluxdbConfig::default() },
            None => config.influxdb.clone(),
        };
        influxdb.org = args.org.clone().unwrap_or(influxdb.org);
        influxdb.bucket = args.bucket.clone().unwrap_or(influxdb.bucket);
        let mut root = root.clone();
        if let Some(path) = &args.token_file {
            let path = std::path::absolute(path)?.to_string_lossy().into_owned();
            let path =
                AbsolutePath::try_from(path).map_err(|error| usage(&format!("--token-file: {error}")))?;
            influxdb.token_file = FilePath(Some(path));
            // What is named on the command line is this machine's.
            root = Root::live();
        }
        if influxdb.url.0.is_none() {
            return Err(usage("which server? --influx URL says it, or influxdb.url in the configuration"));
        }
        if influxdb.bucket.as_str().is_empty() {
            let config = if args.influx.is_none() { ", or influxdb.bucket in the configuration" } else { "" };
            return Err(usage(&format!("which bucket? --bucket NAME says it{config}")));
        }
        Ok(Self { influxdb, root })
    }

    /// What it takes to read it.
    pub(super) fn need(&self, config: &Config) -> Need {
        let secrets = [&self.influxdb.token_file, &self.influxdb.ca_file];
        let paths = secrets.into_iter().filter_map(|path| path.0.as_ref());
        Need {
            user: config.user.clone(),
            replayed: !self.root.is_live(),
            netlink: false,
            processes: false,
            table: None,
            files: paths.map(|path| (self.root.clone(), path.into())).collect(),
        }
    }
}

fn usage(text: &str) -> CommandError {
    let mut all = Cli::command();
    all.build();
    let audit = all.find_subcommand("audit").cloned();
    audit.unwrap_or(all).error(ErrorKind::MissingRequiredArgument, text).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::error::Exit;
    use crate::influxdb::url::Url;

    const CONFIGURED: &str =
        "[influxdb]\nurl = \"http://nas\"\norg = \"home\"\nbucket = \"network\"\ntoken_file = \"/secret\"\n";

    fn target(text: &str, args: &Args) -> Result<Target, CommandError> {
        Target::new(args, &Config::parse(text).unwrap(), &Root::replay("/case"))
    }

    fn shown(target: &Target) -> [String; 4] {
        let InfluxdbConfig { url, org, bucket, token_file, .. } = target.influxdb.clone();
        [url.into(), org.into(), bucket.into(), token_file.into()]
    }

    #[test]
    fn options_go_before_the_configuration() {
        let configured = target(CONFIGURED, &Args::default()).unwrap();
        assert_eq!(shown(&configured), ["http://nas", "home", "network", "/secret"]);
        assert_eq!(configured.root, Root::replay("/case"));
        assert_eq!(configured.need(&Config::default()).files, [(Root::replay("/case"), "/secret".into())]);
        let args = Args {
            bucket: Some("old".to_owned().try_into().unwrap()),
            token_file: Some("/mine".into()),
            ..Args::default()
        };
        let mixed = target(CONFIGURED, &args).unwrap();
        assert_eq!(shown(&mixed), ["http://nas", "home", "old", "/mine"]);
        assert_eq!(mixed.root, Root::live());
    }

    #[test]
    fn a_token_is_not_sent_to_another_server() {
        let influx = Some(Url::try_from("http://other".to_owned()).unwrap());
        let args = Args {
            influx: influx.clone(),
            bucket: Some("b".to_owned().try_into().unwrap()),
            ..Args::default()
        };
        assert_eq!(shown(&target(CONFIGURED, &args).unwrap()), ["http://other", "", "b", ""]);
        let refused = target(CONFIGURED, &Args { influx, ..Args::default() }).unwrap_err();
        assert_eq!(refused.to_string().lines().next(), Some("which bucket? --bucket NAME says it"));
    }

    #[test]
    fn what_is_missing_is_said() {
        for (text, told) in [
            ("", "which server? --influx URL"),
            ("[influxdb]\nurl = \"http://nas\"\nbucket = \"\"\n", "or influxdb.bucket"),
        ] {
            let refused = target(text, &Args::default()).unwrap_err();
            assert_eq!(refused.exit(), Exit::Usage);
            assert!(refused.to_string().contains(told), "{refused}");
        }
    }
}
