//! `/etc/passwd`: from a user's name to a number.
//!
//! Read here and not by `getpwnam()`, which under glibc loads other libraries, and may ask servers, as root.

use std::io;
use std::path::Path;

use crate::config::User;
use crate::files::{self, WRITTEN_AT_MOST};

/// Where users are.
pub(super) const PASSWD: &str = "/etc/passwd";

/// Everybody's number of nobody, also where no `/etc/passwd` says so: the kernel's `overflowuid`.
pub(super) const NOBODY: u32 = 65534;

/// The number of `user`; `None` if there is no such user, here.
pub(super) fn uid(user: &User, passwd: &Path) -> io::Result<Option<u32>> {
    let name = match user {
        User::Uid(uid) => return Ok(Some(*uid)),
        User::Name(name) => name,
    };
    let text = match files::read(passwd, WRITTEN_AT_MOST) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        text => text?,
    };
    Ok(find(&text, name).or(match name.as_str() {
        "root" => Some(0),
        "nobody" => Some(NOBODY),
        _ => None,
    }))
}

/// The number behind `name`; of several lines the first counts, as for everybody else.
fn find(text: &[u8], name: &str) -> Option<u32> {
    text.split(|byte| *byte == b'\n').find_map(|line| {
        let mut fields = line.split(|byte| *byte == b':');
        if fields.next() != Some(name.as_bytes()) {
            return None;
        }
        let uid = str::from_utf8(fields.nth(1)?).ok()?;
        let is_number = !uid.is_empty() && uid.bytes().all(|byte| byte.is_ascii_digit());
        uid.parse().ok().filter(|uid| is_number && *uid != u32::MAX)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPENWRT: &[u8] = b"root:x:0:0:root:/root:/bin/ash\ndaemon:*:1:1:daemon:/var:/bin/false\n\
        nobody:*:65534:65534:nobody:/var:/bin/false\ndnsmasq:x:453:453:dnsmasq:/var/run/dnsmasq:/bin/false";

    #[test]
    fn users_are_found() {
        for (name, uid) in [("root", 0), ("nobody", 65534), ("dnsmasq", 453)] {
            assert_eq!(find(OPENWRT, name), Some(uid));
        }
        assert_eq!(find(OPENWRT, "exporter"), None);
    }

    #[test]
    fn what_is_no_user_is_none() {
        for text in [
            "a",
            "a:x",
            "a:x:",
            "a:x:+1:1",
            "a:x:-1:1",
            "a:x:4294967295:1",
            "a:x:99999999999:",
            "",
            ":::",
            "\n",
        ] {
            assert_eq!(find(text.as_bytes(), "a"), None, "{text:?}");
        }
        assert_eq!(find(b"+\n#\n\xff:x:1:\na:x:5:", "a"), Some(5));
    }

    #[test]
    fn root_and_nobody_need_no_file() {
        let absent = Path::new("/nonexistent/passwd");
        let uid = |name: &str| uid(&User::Name(name.to_owned()), absent).unwrap();
        assert_eq!([uid("root"), uid("nobody"), uid("exporter")], [Some(0), Some(65534), None]);
        assert_eq!(super::uid(&User::Uid(7), absent).unwrap(), Some(7));
    }
}
