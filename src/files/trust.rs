//! Whether what lies at the end of a way is to be read, or written to: the rules, apart from all asking of the kernel.
//!
//! Who may write to a directory on the way chooses which file is read. With root's power that must be root alone, or
//! anybody could have root's files read for them: by a link, or by a file of a name that is looked for. Linux can refuse
//! such links too (`may_follow_link()`, with `fs.protected_symlinks`), where that is switched on.
//!
//! Where something is made, nobody but root and who makes it may choose where that is.

use super::FileError;

const STICKY: u32 = 0o1000;
const OTHERS_WRITE: u32 = 0o002;
const GROUP_OR_OTHERS_WRITE: u32 = 0o022;

/// One thing on the way to a file or a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) kind: Kind,
    pub(super) uid: u32,
    pub(super) gid: u32,
    /// The permission bits, and the sticky one.
    pub(super) mode: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// What comes behind it is in it, up to the next directory.
    Directory,
    /// A symbolic link that was followed.
    Link,
    /// The end of the way.
    File,
}

/// Who reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reader {
    pub(super) uid: u32,
    /// Whether it is in group 0, to which root can open a file.
    pub(super) group_0: bool,
    /// Whether it can read what its user and its groups can't: it is root, or has a capability for that.
    pub(super) power: bool,
}

/// Who chose the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChosenBy {
    /// Whoever started the program: a file may be anybody's whose it is all the way.
    CommandLine,
    /// The configuration, or this program: beyond what everybody may read, a file must be root's.
    Configuration,
}

/// Whether `reader` is to read what is at the end of `way`, which begins with a directory.
pub(super) fn check(way: &[Node], reader: Reader, chosen: ChosenBy) -> Result<(), FileError> {
    let placed_by_others = |(parent, node): (&Node, &Node)| {
        node.kind == Kind::Link && node.uid != 0 && parent.mode & OTHERS_WRITE != 0
    };
    if with_parents(way).any(placed_by_others) {
        return Err(FileError::LinkOfOthers);
    }
    let ordinary = !reader.group_0 && !reader.power;
    if ordinary || way.iter().all(Node::is_open_to_everybody) {
        return Ok(());
    }
    // Whose the way may be, besides root's.
    let owner = way.last().filter(|end| end.kind == Kind::File && chosen == ChosenBy::CommandLine);
    let owner = owner.map_or(0, |end| end.uid);
    let is_trusted = |node: &Node| node.uid == 0 || node.uid == owner;
    let links_are_trusted = way.iter().filter(|node| node.kind == Kind::Link).all(is_trusted);
    if !links_are_trusted {
        return Err(FileError::LinkToClosed);
    }
    let needs_no_power = way.iter().all(|node| node.is_open_to(reader));
    if needs_no_power || is_trusted_all_the_way(way, chosen, is_trusted) {
        return Ok(());
    }
    Err(FileError::NotRoots)
}

/// Whether nobody but root chooses what is at the end of `way`, and it is root's.
pub(super) fn is_roots(way: &[Node]) -> bool {
    is_trusted_all_the_way(way, ChosenBy::Configuration, |node| node.uid == 0)
}

/// The index of the first on `way` that lets somebody besides root and the user `uid` choose what comes behind it.
///
/// The owner of a directory can exchange what somebody else put there, sticky or not. Where it is sticky nobody else
/// can, but anybody may have put a link there.
pub(super) fn first_open_to_others(way: &[Node], uid: u32) -> Option<usize> {
    way.iter().position(|node| {
        let is_open = node.kind == Kind::Directory && node.is_shared() && node.mode & STICKY == 0;
        is_open || (node.uid != 0 && node.uid != uid)
    })
}

fn is_trusted_all_the_way(way: &[Node], chosen: ChosenBy, is_trusted: impl Fn(&Node) -> bool) -> bool {
    let is_safe_in = |(parent, node): (&Node, &Node)| {
        // In a sticky directory nobody else can rename it. There may be hard links to files and links, but who names a
        // file on the command line means what is there; and of directories there are none.
        let sticky_will_do = node.kind == Kind::Directory || chosen == ChosenBy::CommandLine;
        !parent.is_shared() || sticky_will_do && parent.mode & STICKY != 0
    };
    // Where the way ends at a directory, something may turn up in it.
    let ends_in_private = way.last().is_none_or(|end| end.kind == Kind::File || !end.is_shared());
    way.iter().all(is_trusted) && with_parents(way).all(is_safe_in) && ends_in_private
}

/// Everything but the first directory, with the directory that it is in.
fn with_parents(way: &[Node]) -> impl Iterator<Item = (&Node, &Node)> {
    way.iter().skip(1).scan(way.first(), |parent, node| {
        let pair = ((*parent)?, node);
        if node.kind == Kind::Directory {
            *parent = Some(node);
        }
        Some(pair)
    })
}

impl Node {
    /// Whether others than its owner may write to it. Of an access control list the group's bits show the mask (acl(5)).
    const fn is_shared(&self) -> bool {
        self.mode & GROUP_OR_OTHERS_WRITE != 0
    }

    /// Whether everybody may read the file, or pass through the directory.
    const fn is_open_to_everybody(&self) -> bool {
        self.mode & self.bit() != 0
    }

    /// Whether `reader` may without the power that root has.
    const fn is_open_to(&self, reader: Reader) -> bool {
        let by_group = reader.group_0 && self.gid == 0 && self.mode & (self.bit() << 3) != 0;
        let by_owner = reader.uid == self.uid && reader.uid != 0 && self.mode & (self.bit() << 6) != 0;
        self.is_open_to_everybody() || by_group || by_owner
    }

    /// What it takes, as the bit for everybody else.
    const fn bit(&self) -> u32 {
        match self.kind {
            Kind::Directory => 0o001,
            // A link's own bits, which are all set, say nothing.
            Kind::Link | Kind::File => 0o004,
        }
    }
}

#[cfg(test)]
mod tests;
