//! Figures of the machine and of its interfaces: whatever the files say, what is understood of them can be, and is
//! understood again when it is written as the kernel writes it.

#![no_main]

use std::time::Duration;

use conntrack_exporter::machine::{cpu, memory, uptime};
use conntrack_exporter::proc_net::links::{flags, parse, speed};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    if let Some(time) = uptime(text) {
        let written = format!("{}.{:09} 0.00\n", time.as_secs(), time.subsec_nanos());
        let again = uptime(written.as_bytes()).expect("what was written");
        // A float has 53 bits.
        assert!(again.abs_diff(time) <= Duration::from_nanos(1 + time.as_secs() / 1_000_000), "{written}");
    }
    if let Some(times) = cpu(text) {
        let busy = times.user.checked_add(times.system).expect("no sum wraps");
        let stolen =
            times.total.checked_sub(busy).and_then(|rest| rest.checked_sub(times.idle)).expect("a share");
        let written = format!("cpu  {} 0 {} {} 0 0 0 {stolen}\n", times.user, times.system, times.idle);
        assert_eq!(cpu(written.as_bytes()), Some(times), "{written}");
    }
    if let Some(memory_found) = memory(text) {
        let available = memory_found.total.checked_sub(memory_found.used).expect("a part of it");
        let kib = [memory_found.total, available].map(|bytes| bytes / 1024);
        let written = format!("MemTotal: {} kB\nMemAvailable: {} kB\n", kib[0], kib[1]);
        assert_eq!(memory(written.as_bytes()), Some(memory_found), "{written}");
    }
    if let Some(found) = flags(text) {
        assert_eq!(flags(format!("0x{found:x}\n").as_bytes()), Some(found));
    }
    if let Some(found) = speed(text) {
        assert_eq!(
            (speed(format!("{found}\n").as_bytes()), parse::<i64>(text)),
            (Some(found), Some(found.into()))
        );
    }
});
