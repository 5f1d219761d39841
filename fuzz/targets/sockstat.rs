//! `/proc/net/sockstat` and `/proc/net/sockstat6`: a line that can't be understood costs no other, and what was understood
//! is understood again when written.

#![no_main]

use std::fmt::Write;

use conntrack_exporter::proc_net::sockstat::{Sockstat, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let found = parse(text, text);
    let (ipv4, ipv6) = written(&found);
    assert_eq!(parse(ipv4.as_bytes(), ipv6.as_bytes()), found);
    // Each file tells its own figures alone, and one that breaks off none that the whole one doesn't.
    let apart = (parse(text, b""), parse(b"", text));
    assert_eq!(
        Sockstat { tcp6_in_use: apart.1.tcp6_in_use, udp6_in_use: apart.1.udp6_in_use, ..apart.0 },
        found
    );
    let cut = figures(&parse(&text[..text.len() / 2], &text[..text.len() / 2]));
    for (cut, whole) in cut.into_iter().zip(figures(&found)) {
        assert!(cut.is_none() || cut == whole);
    }
    // What isn't UTF-8, or is of another protocol, is passed over.
    let around = [b"\xff: inuse 1\nTCP:\nXTCP: inuse 1\n", text, b"\nTCP: inuse 1"].concat();
    let expected = parse(&[text, b"\n"].concat(), &[text, b"\n"].concat());
    assert_eq!(parse(&around, &around), expected);
});

fn figures(of: &Sockstat) -> [Option<u64>; 10] {
    let Sockstat { used, tcp, udp, tcp6_in_use, udp6_in_use } = *of;
    [
        used,
        tcp.in_use,
        tcp.orphan,
        tcp.time_wait,
        tcp.allocated,
        tcp.memory_pages,
        udp.in_use,
        udp.memory_pages,
        tcp6_in_use,
        udp6_in_use,
    ]
}

/// As the kernel writes them, but for those that are absent.
fn written(of: &Sockstat) -> (String, String) {
    let mut texts = [String::new(), String::new()];
    let names = [
        "sockets: used",
        "TCP: inuse",
        "TCP: orphan",
        "TCP: tw",
        "TCP: alloc",
        "TCP: mem",
        "UDP: inuse",
        "UDP: mem",
        "TCP6: inuse",
        "UDP6: inuse",
    ];
    for (place, (name, figure)) in names.into_iter().zip(figures(of)).enumerate() {
        if let Some(figure) = figure {
            writeln!(texts[usize::from(place >= 8)], "{name} {figure}").unwrap();
        }
    }
    let [ipv4, ipv6] = texts;
    (ipv4, ipv6)
}
