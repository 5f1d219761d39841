//! Modules of the kernel that forward connections past the table: `/proc/modules`, as its `m_show()` prints it.

use std::io;
use std::path::Path;

use crate::files;

/// Where they are.
const MODULES: &str = "/proc/modules";
/// Where MediaTek's HNAT can be set, by root (`hnat_init_debugfs()` of its drivers).
const HNAT: &str = "/sys/kernel/debug/hnat";

/// What is read of the list at most, in bytes: a few thousand modules.
const LIST_AT_MOST: u64 = 1 << 20;

/// What forwards connections past the table and isn't seen there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offload {
    /// Rules use `xt_FLOWOFFLOAD`, the flow offloading of OpenWrt's firewall before 22.03.
    pub firewall3: bool,
    /// MediaTek's HNAT of its own kernels is there, module `mtkhnat`, which marks no connection as offloaded.
    pub hnat: bool,
}

/// Looks at the list, which a kernel without modules doesn't have, and for what HNAT shows where this user may look.
pub fn read() -> io::Result<Offload> {
    let list = match files::read(Path::new(MODULES), LIST_AT_MOST) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        list => list?,
    };
    let listed = parse(&list);
    // Nobody but root may look there, so that nothing seen means nothing.
    Ok(Offload { hnat: listed.hnat || Path::new(HNAT).is_dir(), ..listed })
}

/// What the list tells.
pub fn parse(list: &[u8]) -> Offload {
    let mut offload = Offload::default();
    for line in list.split(|byte| *byte == b'\n') {
        // Name, size, and by how much it is used: for a target of iptables the rules with it. `-` stands for a kernel that
        // can't unload modules and doesn't count (`print_unload_info()`).
        let mut fields = line.split(|byte| *byte == b' ');
        match (fields.next(), fields.nth(1)) {
            (Some(b"xt_FLOWOFFLOAD"), Some(uses)) => offload.firewall3 |= uses != b"0",
            (Some(b"mtkhnat"), Some(_)) => offload.hnat = true,
            _ => {}
        }
    }
    offload
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn offload(firewall3: bool, hnat: bool) -> Offload {
        Offload { firewall3, hnat }
    }

    #[test]
    fn modules_that_are_used() {
        for (list, expected) in [
            ("", offload(false, false)),
            ("xt_FLOWOFFLOAD 16384 2 - Live 0x0000000000000000\n", offload(true, false)),
            ("xt_FLOWOFFLOAD 16384 0 - Live 0x0000000000000000\n", offload(false, false)),
            ("xt_FLOWOFFLOAD 16384 - - Live 0x0000000000000000\n", offload(true, false)),
            ("xt_FLOWOFFLOAD 16384", offload(false, false)),
            (
                "nf_flow_table 24576 3 xt_FLOWOFFLOAD,nf_flow_table_hw, Live 0x0000000000000000\n\
                 mtkhnat 49152 0 - Live 0x0000000000000000 (O)\n",
                offload(false, true),
            ),
            ("xt_FLOWOFFLOAD_of_ours 1 1 - Live 0x0\nmtkhnat2 1 1 - Live 0x0", offload(false, false)),
            ("mtkhnat 1 1 - Live 0x0\nxt_FLOWOFFLOAD 1 1 - Live 0x0", offload(true, true)),
        ] {
            assert_eq!(parse(list.as_bytes()), expected, "{list}");
        }
    }

    #[test]
    fn reads_this_machine() {
        assert_eq!(read().unwrap().hnat, Path::new(HNAT).is_dir());
    }

    proptest! {
        #[test]
        fn every_line_stands_for_itself(lines in prop::collection::vec("(mtkhnat|xt_FLOWOFFLOAD|[a-z]*)( [0-9-]{1,2}){0,3}", 0..8)) {
            let alone = lines.iter().map(|line| parse(line.as_bytes()));
            let expected = alone.fold(Offload::default(), |sum, one| {
                offload(sum.firewall3 | one.firewall3, sum.hnat | one.hnat)
            });
            prop_assert_eq!(parse(lines.join("\n").as_bytes()), expected);
        }

        #[test]
        fn never_panics(list: Vec<u8>) {
            let _ = parse(&list);
        }
    }
}
