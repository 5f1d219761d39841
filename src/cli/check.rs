//! `check`: what the program finds here, what is missing, and what that costs; in plain words.

use std::fmt;
use std::time::Duration;

use tokio::net::lookup_host;
use tokio::time::timeout;

use crate::config::{Config, Timestamps};
use crate::conntrack::{Entry, Progress, Table, TableError, backend};
use crate::daemon::ConfigFile;
use crate::daemon::clock::{self, Evidence, Verdict as ClockVerdict};
use crate::devices::files::{self, Found, Survey};
use crate::devices::name_source::NameSource;
use crate::devices::{Settings, neighbours};
use crate::lan::interfaces::{self, Interface};
use crate::lan::{Lan, is_private};
use crate::privileges::{Need, Privileges};
use crate::root::Root;

/// How long Telegraf's name may take to be resolved.
const RESOLVING_AT_MOST: Duration = Duration::from_secs(5);
/// How many lines of a file that can't be understood are named.
const NAMED_AT_MOST: usize = 10;

/// What it all comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verdict {
    /// Snapshots can be taken.
    #[default]
    Usable,
    /// The table can't be read.
    TableUnreadable,
    /// The configuration can't be used.
    ConfigUnusable,
}

/// Everything that was found, in order.
#[derive(Debug, Default)]
pub struct Report {
    findings: Vec<Finding>,
    verdict: Verdict,
}

#[derive(Debug)]
struct Finding {
    grade: &'static str,
    subject: &'static str,
    text: String,
}

impl Report {
    /// What it all comes to.
    pub const fn verdict(&self) -> Verdict {
        self.verdict
    }

    fn ok(&mut self, subject: &'static str, text: impl Into<String>) {
        self.findings.push(Finding { grade: "ok", subject, text: text.into() });
    }

    fn warning(&mut self, subject: &'static str, text: impl Into<String>) {
        self.findings.push(Finding { grade: "warning", subject, text: text.into() });
    }

    fn error(&mut self, verdict: Verdict, subject: &'static str, text: impl Into<String>) {
        self.verdict = verdict;
        self.findings.push(Finding { grade: "error", subject, text: text.into() });
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Finding { grade, subject, text } in &self.findings {
            writeln!(f, "{grade:<8} {subject:<14} {text}")?;
        }
        Ok(())
    }
}

/// Begins with the configuration, and gives it if it can be used.
pub fn configuration(file: &ConfigFile) -> (Report, Option<Config>) {
    let mut report = Report::default();
    let path = file.path();
    let config = match file.read() {
        Ok(config) if path.exists() => {
            report.ok("configuration", format!("{}: a snapshot every {}", path.display(), config.interval));
            Some(config)
        }
        Ok(config) => {
            report.ok("configuration", format!("{} does not exist: the defaults hold", path.display()));
            Some(config)
        }
        Err(error) => {
            report.error(Verdict::ConfigUnusable, "configuration", error.to_string());
            None
        }
    };
    (report, config)
}

/// Gives up what isn't needed, as the daemon does, so that what is found afterwards is what it would find. Tells of it
/// unless only a failure matters.
pub fn privileges(report: &mut Report, need: &Need, only_a_failure: bool) {
    let privileges = match Privileges::reduce(need) {
        Ok(privileges) => privileges,
        Err(refusal) => {
            return report.error(Verdict::ConfigUnusable, "privileges", refusal.to_string());
        }
    };
    if only_a_failure {
        return;
    }
    report.ok("privileges", privileges.identity());
    for capability in privileges.capabilities() {
        report.ok("privileges", capability);
    }
    for missing in privileges.missing() {
        report.warning("privileges", missing);
    }
}

/// Looks at everything else.
pub async fn surroundings(report: &mut Report, config: &Config, root: &Root) {
    table(report, config, root);
    lan(report, config, root);
    names(report, &config.devices.settings(config.lan.router_name.name()), root);
    telegraf(report, config).await;
    clock(report, config, root);
}

fn table(report: &mut Report, config: &Config, root: &Root) {
    let mut table = Table::new(root, config.source);
    let (read, unreadable) = match source(report, &mut table, config) {
        Ok(counted) => counted,
        Err(error) => return report.error(Verdict::TableUnreadable, "table", error.to_string()),
    };
    let allowed = table.gauges().max.map_or_else(|| "an unknown number".to_owned(), |max| max.to_string());
    if read == 0 {
        let text = "readable and empty: is there no connection yet, or does no firewall rule use connection tracking \
                    (nothing is tracked in a network namespace until a rule asks for its state)?";
        report.warning("table", text);
    } else {
        report.ok("table", format!("readable: {read} entries of {allowed} allowed"));
    }
    if unreadable > 0 {
        report.warning(
            "table",
            format!("{unreadable} entries can't be understood and are left out of every count"),
        );
    }
    match table.accounting() {
        Some(true) => report.ok("accounting", "on: the kernel counts packets and bytes of each connection"),
        Some(false) => report.ok(
            "accounting",
            "off: no packets and bytes per connection; counting connections doesn't need them \
             (net.netfilter.nf_conntrack_acct=1 switches it on, for new connections)",
        ),
        None => {
            report.ok("accounting", "unknown: the kernel doesn't say; counting connections doesn't need it");
        }
    }
}

/// Tells how the table is read, and whether it could be read in the other way too; counts as [`count`] does.
fn source(report: &mut Report, table: &mut Table, config: &Config) -> Result<(u64, u64), TableError> {
    let chosen = table.choose(table.gauges(), Duration::ZERO);
    let counted = count(table, chosen);
    if config.source.only().is_some() || !table.is_live() {
        report.ok(
            "source",
            format!(
                "{chosen}: {}",
                if table.is_live() { "the configuration names it" } else { "a replayed table is text" }
            ),
        );
        return counted;
    }
    let other = chosen.other();
    match (counted, count(table, other)) {
        (Ok(counted), Ok(_)) => {
            report.ok(
                "source",
                format!("{chosen}: the cheaper one for this table now; {other} can be had as well"),
            );
            Ok(counted)
        }
        (Ok(counted), Err(error)) | (Err(error), Ok(counted)) => {
            let had = if error.from == chosen { other } else { chosen };
            report.warning("source", format!("{had}, whatever the table costs that way: {error}"));
            Ok(counted)
        }
        (Err(error), Err(_)) => Err(error),
    }
}

/// How many entries there are, and how many that can't be understood.
fn count(table: &Table, source: backend::TableBackend) -> Result<(u64, u64), TableError> {
    let mut reading = table.open(source)?;
    let (mut read, mut unreadable) = (0, 0);
    let mut see = |entry: Entry<'_>| match entry {
        Entry::Flow(_) => read += 1,
        Entry::Unreadable { .. } => unreadable += 1,
    };
    while reading.step(&mut see).map_err(|error| table.failed(source, error))? == Progress::More {}
    Ok((read, unreadable))
}

fn lan(report: &mut Report, config: &Config, root: &Root) {
    let (patterns, prefixes) = (config.lan.patterns(), config.lan.prefixes());
    let mut lan = Lan::new(&patterns, &prefixes);
    match interfaces::read(root) {
        Ok(found) => drop(lan.observe(found, Duration::ZERO)),
        Err(error) => {
            return report
                .warning("LAN", format!("the interfaces can't be read ({error}): no device can be told"));
        }
    }
    for interface in lan.interfaces() {
        one_interface(report, &lan, interface);
    }
    for prefix in &prefixes {
        report.ok("LAN", format!("{prefix} is LAN: it stands in lan.prefixes"));
    }
    if !lan.exists() {
        report.warning(
            "LAN",
            format!("no interface matches lan.interfaces = {patterns:?}: every entry of a device would be \"other\""),
        );
    }
}

fn one_interface(report: &mut Report, lan: &Lan, interface: &Interface) {
    let Interface { name, addresses, link_layer } = interface;
    let shown: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    let shown = if shown.is_empty() { "without addresses".to_owned() } else { shown.join(" ") };
    if let Some(pattern) = lan.pattern_for(name) {
        let bare = if *link_layer { "" } else { "; no link-layer addresses there: an address is a device" };
        return report.ok("LAN", format!("{name} is LAN ({shown}): it matches {pattern:?}{bare}"));
    }
    let private = addresses.iter().any(|net| is_private(net.addr()));
    if private {
        let text = format!(
            "{name} is not LAN ({shown}): no pattern of lan.interfaces matches it, but its addresses are private; add \
             {name:?} if your devices are behind it (not if it leads to your provider's box)"
        );
        return report.warning("LAN", text);
    }
    report.ok("LAN", format!("{name} is not LAN ({shown}): no pattern of lan.interfaces matches it"));
}

/// Files of names; absent ones are told of only where something is lost by it.
fn names(report: &mut Report, settings: &Settings, root: &Root) {
    for Survey { path, source, found } in files::survey(root, settings) {
        let path = path.display();
        match found {
            Found::Nothing if source == NameSource::Lease => report.warning(
                "names",
                format!("{path} does not exist: devices lack the names they give (is dnsmasq's leasefile elsewhere?)"),
            ),
            Found::Nothing => {}
            Found::Unsettled => {
                report.warning("names", format!("{path} does not end in a newline: it is taken once it is whole"));
            }
            Found::Unreadable(error) => report.warning("names", format!("{path} can't be read: {error}")),
            Found::Content { entries, named, problems } => {
                let unheard = if settings.names.contains(&source) { "" } else { "; devices.names doesn't hear it" };
                let what = source.name();
                report.ok("names", format!("{path} ({what}): {named} of {entries} entries give a name{unheard}"));
                for problem in problems.iter().take(NAMED_AT_MOST) {
                    report.warning("names", format!("{path}: {problem}"));
                }
            }
        }
    }
    match neighbours::read(root) {
        Ok(found) => report.ok("neighbours", format!("{} addresses answer", found.len())),
        Err(error) => report.warning(
            "neighbours",
            format!("can't be read, so IPv6 addresses that no lease tells are \"other\": {error}"),
        ),
    }
}

async fn telegraf(report: &mut Report, config: &Config) {
    let address = &config.telegraf.address;
    let found = match timeout(RESOLVING_AT_MOST, lookup_host((address.host(), address.port()))).await {
        Err(_) => Err("the name server does not answer".to_owned()),
        Ok(Err(error)) => Err(error.to_string()),
        Ok(Ok(found)) => Ok(found.map(|address| address.to_string()).collect::<Vec<_>>()),
    };
    match found {
        Ok(found) if !found.is_empty() => {
            let text = format!(
                "snapshots go to {} by UDP (whether it listens can't be seen from here)",
                found.join(" or ")
            );
            report.ok("Telegraf", text);
        }
        Ok(_) => report.warning("Telegraf", format!("{address} has no address: nothing can be sent")),
        Err(error) => report
            .warning("Telegraf", format!("{address} can't be resolved, so nothing is sent yet: {error}")),
    }
}

fn clock(report: &mut Report, config: &Config, root: &Root) {
    if !root.is_live() {
        return report.ok("clock", "taken for set: these files are another router's");
    }
    let Ok(now) = clock::now() else {
        return report.warning("clock", "can't be read");
    };
    let set = ClockVerdict::new(clock::build_date(), now).is_set(now, || Evidence::read(root, now.wall));
    match (set, config.timestamps) {
        (true, _) => report.ok("clock", "set"),
        (false, Timestamps::Auto) => report.warning(
            "clock",
            "nothing shows that it was set since boot: points go out without a time, and Telegraf stamps them",
        ),
        (false, Timestamps::Never) => report.ok("clock", "not known to be set; points go out without a time anyway"),
        (false, Timestamps::Always) => report.warning(
            "clock",
            "nothing shows that it was set since boot, and timestamps = \"always\": points may carry a wrong time",
        ),
    }
}
