//! The text and the messages of the kernel tell of the same sockets.

use conntrack_exporter::proc_net::sockets::{Socket, SocketReader, SocketSource, Transport, Wanted};
use conntrack_exporter::root::Root;

use super::*;

/// What both ways tell of a socket of TCP.
fn common(socket: &Socket) -> (u8, String, String, u32, u64, u32) {
    let Socket { state, local, remote, uid, inode, receive_queue, .. } = *socket;
    (state as u8, local.to_string(), remote.to_string(), uid, inode, receive_queue)
}

#[test]
fn text_and_messages_tell_the_same_sockets() {
    let home = Household::new("own-sources");
    let _held = states(&home.router);
    let root = Root::replay(copied(&home));
    let read = |root: &Root, wanted| {
        let (mut reader, mut found) = (SocketReader::default(), Vec::new());
        let source = reader.read(root, wanted, &mut |socket| {
            if socket.transport == Transport::Tcp {
                found.push(*socket);
            }
        });
        assert_eq!(reader.skipped(), 0);
        (source.unwrap_or_else(|error| panic!("{error}")), found)
    };
    let (source, text) = read(&root, Wanted::Details);
    assert_eq!(source, SocketSource::Text);
    let expected: BTreeSet<_> = text.iter().map(common).collect();
    for wanted in [Wanted::States, Wanted::Details] {
        // Netlink is the thread's namespace.
        let (source, messages) = home.router.enter(|| read(&Root::live(), wanted));
        assert_eq!(source, SocketSource::Diag);
        assert_eq!(messages.iter().map(common).collect::<BTreeSet<_>>(), expected);
        let infos =
            messages.iter().filter(|socket| socket.details.is_some_and(|details| details.tcp.is_some()));
        let connections =
            messages.iter().filter(|socket| ![3, 6, 10].contains(&(socket.state as u8))).count();
        assert_eq!(infos.count(), if wanted == Wanted::Details { connections } else { 0 });
        let cookies: BTreeSet<_> =
            messages.iter().filter_map(|socket| Some(socket.details?.cookie)).collect();
        assert_eq!(cookies.len(), messages.len());
        let backlog =
            messages.iter().filter(|socket| socket.state as u8 == 10).map(|socket| socket.send_queue);
        assert!(backlog.min().is_some_and(|least| least > 0), "how many may wait");
    }
}
