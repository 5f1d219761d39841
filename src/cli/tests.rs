use super::*;
use crate::config::Interval;
use crate::root::Root;

fn parsed(line: &str) -> Result<Cli, clap::Error> {
    Cli::parse_from_arguments(line.split_ascii_whitespace().map(OsString::from))
}

fn command(line: &str) -> Option<Command> {
    let cli = parsed(line).unwrap();
    assert_eq!(cli.daemon, daemon::Args::default());
    cli.command
}

fn kind(line: &str) -> ErrorKind {
    parsed(line).unwrap_err().kind()
}

fn help(line: &str) -> String {
    let error = parsed(line).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DisplayHelp, "{line}");
    error.to_string()
}

#[test]
fn clap_finds_no_fault_with_it() {
    Cli::command().debug_assert();
}

#[test]
fn commands_and_options() {
    let daemon = |line: &str| {
        let cli = parsed(line).unwrap();
        assert_eq!(cli.command, None);
        cli.daemon
    };
    assert_eq!(daemon(""), daemon::Args { stdout: false });
    assert_eq!(daemon("--stdout"), daemon::Args { stdout: true });
    assert_eq!(command("once"), Some(Command::Once(once::Args::default())));
    let csv = once::Args { format: once::Format::Csv, jsonl: false };
    assert_eq!(command("once --format csv"), Some(Command::Once(csv)));
    let check = |config_only| Some(Command::Check(check::Args { config_only }));
    assert_eq!(command("check"), check(false));
    assert_eq!(command("check --config-only"), check(true));
    assert_eq!(command("--config-only check"), check(true));
    let devices = |json| Some(Command::Devices(devices::Args { json }));
    assert_eq!(command("devices"), devices(false));
    assert_eq!(command("devices --json"), devices(true));
    assert_eq!(command("--json devices --json"), devices(true));
    let estimate = |json| Some(Command::Estimate(estimate::Args { json }));
    assert_eq!(command("estimate"), estimate(false));
    assert_eq!(command("--json estimate"), estimate(true));
    let capture = |anonymise| Some(Command::Capture(capture::Args { directory: "d".into(), anonymise }));
    assert_eq!(command("capture d"), capture(false));
    assert_eq!(command("--anonymise capture d"), capture(true));
    assert_eq!(command("capture d --anonymise"), capture(true));
    assert_eq!(command("capture --anonymise d"), capture(true));
    let recording = |every: &str, anonymise| {
        let length = "10m".parse().unwrap();
        let every = Interval::try_from(every.to_owned()).unwrap();
        Some(Command::Record(record::Args { directory: "d".into(), length, every, anonymise }))
    };
    assert_eq!(command("record d --for 10m"), recording("10s", false));
    assert_eq!(command("--anonymise record d --every=1s --for=10m"), recording("1s", true));
    assert_eq!(command("record --for 10m --anonymise d --every 1s"), recording("1s", true));
    let sockets = |listening, port, state: Option<&str>, process: Option<&str>, json| {
        let (state, process) = (
            state.map(|state| state.parse::<sockets::state::WantedState>().unwrap()),
            process.map(str::to_owned),
        );
        Some(Command::Sockets(sockets::Args { listening, port, state, process, json }))
    };
    assert_eq!(command("sockets"), sockets(false, None, None, None, false));
    assert_eq!(command("sockets --listening --port 53"), sockets(true, Some(53), None, None, false));
    let wanted = sockets(false, None, Some("time-wait"), Some("sshd"), true);
    assert_eq!(command("--json sockets --state TIME_WAIT --process=sshd"), wanted);
    let audit = |json, tag: &str| {
        let influx = Some("http://nas:8086".to_owned().try_into().unwrap());
        let bucket = Some("network".to_owned().try_into().unwrap());
        let (since, tag) = ("2d".parse().unwrap(), tag.to_owned());
        Some(Command::Audit(audit::Args { influx, org: None, bucket, token_file: None, since, tag, json }))
    };
    let line = "audit --influx http://nas:8086 --bucket network --since 2d";
    assert_eq!(command(line), audit(false, "router"));
    assert_eq!(command(&format!("--json {line} --tag site")), audit(true, "site"));
    assert_eq!(command("replay d"), Some(Command::Replay(replay::Args { directory: "d".into() })));
    for line in ["capture --help", "once --help", "once -h", "-h", "--help", "help", "help check"] {
        assert_eq!(kind(line), ErrorKind::DisplayHelp, "{line}");
    }
    for line in ["-V nonsense", "-V", "--version", "once --version", "capture -V"] {
        assert_eq!(kind(line), ErrorKind::DisplayVersion, "{line}");
    }
}

#[cfg(feature = "terminal")]
#[test]
fn top_is_of_this_router_or_of_a_recording() {
    let top =
        |directory: Option<&str>| Some(Command::Top(top::Args { directory: directory.map(Into::into) }));
    assert_eq!(command("top"), top(None));
    assert_eq!(command("top d"), top(Some("d")));
    assert_eq!(command("--root r top"), top(None));
    for line in ["top a b", "--json top", "top --json", "top --limit 3"] {
        let refused = help_or_refuse(parsed(line).unwrap_err()).unwrap_err();
        assert_eq!(refused.exit(), Exit::Usage, "{line}");
    }
    let Err(refused) = parsed("--root r top d").unwrap().run() else { panic!("two routers at once") };
    assert_eq!(refused.exit(), Exit::Usage);
    assert!(refused.to_string().contains("--root has no meaning"), "{refused}");
    assert!(help("--help").contains("top [OPTIONS] [DIR]"), "{}", help("--help"));
    assert!(help("help top").lines().all(|line| line.len() < 80), "{}", help("help top"));
}

#[cfg(not(feature = "terminal"))]
#[test]
fn a_small_program_has_no_top() {
    assert_eq!(kind("top"), ErrorKind::InvalidSubcommand);
    assert!(!help("--help").contains("top [OPTIONS]"), "{}", help("--help"));
}

#[test]
fn paths_may_stand_before_the_command_and_behind_it() {
    for line in [
        "--root=/case --config c.toml once",
        "once --root=/case --config c.toml",
        "--root /case once --config=c.toml",
        "--root /other --root /case --config c.toml",
        "--root /other --config c.toml once --root /case",
    ] {
        let global = parsed(line).unwrap().global;
        assert_eq!(global.root(), Root::replay("/case"), "{line}");
        assert_eq!(global.config_file().path().to_str(), Some("c.toml"), "{line}");
    }
    let global = parsed("once").unwrap().global;
    assert_eq!((global.root(), global.config_file().named), (Root::live(), None));
}

#[test]
fn what_makes_no_sense_is_refused() {
    for line in [
        "twice",
        "once check",
        "--port 1",
        "--config",
        "once --stdout",
        "--stdout once",
        "--config-only",
        "once --config-only",
        "--json check",
        "capture",
        "capture a b",
        "capture --anonymise",
        "check --anonymise",
        "record d",
        "record --for 10m",
        "record d --for 10",
        "record d --for 10m --every 2h",
        "--every 1s record d --for 10m",
        "replay",
        "replay d --anonymise",
        "sockets --port 65536",
        "sockets --port http",
        "sockets --state asleep",
        "sockets --state",
        "sockets 22",
        "--listening sockets",
        "audit --since 1m",
        "audit --influx nas:8086",
        "audit --influx http://anna:secret@nas",
        "audit --bucket=",
        "audit --tag _time",
        "audit --token-file=",
        "audit network",
    ] {
        let refused = help_or_refuse(parsed(line).unwrap_err()).unwrap_err();
        assert_eq!(refused.exit(), Exit::Usage, "{line}");
    }
}

#[test]
fn what_is_mistyped_is_told_with_what_was_meant() {
    for (line, wrong, meant) in [
        ("chek", "'chek'", "'check'"),
        ("device", "'device'", "'devices'"),
        ("hlep", "'hlep'", "'help'"),
        ("version", "'version'", "a similar argument exists: '--version'"),
        ("Version", "'Version'", "a similar argument exists: '--version'"),
        ("stdout", "'stdout'", "a similar argument exists: '--stdout'"),
        ("check version", "'version'", "a similar argument exists: '--version'"),
        ("check help", "'help'", "a similar argument exists: '--help'"),
        ("check config-only", "'config-only'", "a similar argument exists: '--config-only'"),
        ("--confg c.toml", "'--confg'", "'--config'"),
        ("check --config-onl", "'--config-onl'", "'--config-only'"),
        ("capture", "<DIR>", "Usage: conntrack-exporter capture <DIR>"),
        ("sockets --state asleep", "'asleep'", "established, syn-sent, syn-recv, fin-wait-1"),
        ("socket", "'socket'", "'sockets'"),
        ("--stdout once", "--stdout is an option of another command", "--help"),
    ] {
        let text = CommandError::from(parsed(line).unwrap_err()).to_string();
        assert!(text.contains(wrong) && text.contains(meant), "{line}: {text}");
        assert!(!text.starts_with("error") && !text.ends_with('\n'), "{line}: {text}");
    }
}

#[test]
fn the_help_names_everything() {
    let text = help("--help");
    for word in [
        "once",
        "check",
        "devices",
        "estimate [OPTIONS]",
        "--config <FILE>",
        "--stdout",
        "--json",
        "capture [OPTIONS] <DIR>",
        "--config-only",
        "record [OPTIONS] --for <TIME> <DIR>",
        "replay [OPTIONS] <DIR>",
        "sockets [OPTIONS]",
        "audit [OPTIONS]",
        "--listening",
        "--every <TIME>",
        "--anonymise",
        "--root <DIR>",
        "--help",
        "--version",
        "SIGHUP",
        "74 what was asked for",
        "78 the configuration",
        "Started as root",
    ] {
        assert!(text.contains(word), "{word}: {text}");
    }
    assert_eq!(text, help("-h"));
}

#[test]
fn the_help_fits_a_terminal() {
    for line in [
        "--help",
        "help once",
        "help devices",
        "help estimate",
        "help check",
        "help capture",
        "help record",
        "help replay",
        "help sockets",
        "help flows",
        "help audit",
        "help help",
    ] {
        let text = help(line);
        assert!(text.lines().all(|line| line.len() < 80), "{text}");
    }
}

#[test]
fn a_command_has_help_of_its_own() {
    let text = help("check --help");
    for word in ["LAN, names, Telegraf", "--config-only", "--config <FILE>", "--root <DIR>"] {
        assert!(text.contains(word), "{word}: {text}");
    }
    assert!(!text.contains("--json") && !text.contains("--stdout"), "{text}");
}

#[test]
fn the_version_has_the_date_of_the_commit() {
    let version = version();
    assert!(version.starts_with(concat!("conntrack-exporter ", env!("CARGO_PKG_VERSION"))), "{version}");
    assert_eq!(version.contains("Z)\n"), clock::build_date().is_some(), "{version}");
}
