//! A message of the table: both of the program's ways and the plain reference say the same of it, and so does the text
//! that the kernel would print.

#![no_main]

use conntrack_exporter::conntrack::netlink::{attributes, usual};
use conntrack_exporter::conntrack::procfs::line;
use conntrack_exporter_fuzz::{messages, text};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|payload: &[u8]| {
    let found = attributes::parse(payload).ok();
    assert_eq!(found, messages::parse(payload));
    if let Some(usual) = usual::parse(payload) {
        assert_eq!(found, Some(usual));
    }
    if let Some(flow) = found {
        let text = text::Line(&flow).to_string();
        assert_eq!(line::parse(text.as_bytes()), Ok(flow), "{text}");
    }
});
