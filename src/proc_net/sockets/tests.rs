use std::fs;

use super::*;
use crate::test_directory::TestDirectory;

const IPV4: &str = "0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 1 1";

/// Puts rows into files of sockets.
fn write(place: &TestDirectory, files: &[(&str, &str)]) {
    fs::create_dir_all(place.join("proc/net")).unwrap();
    for (path, text) in files {
        fs::write(place.join(path.trim_start_matches('/')), text).unwrap();
    }
}

fn read(place: &TestDirectory) -> Result<Vec<Socket>, io::ErrorKind> {
    let (mut reader, mut sockets) = (SocketReader::default(), Vec::new());
    let read = reader.read(&Root::replay(&**place), Wanted::Details, &mut |socket| sockets.push(*socket));
    read.map(|source| assert_eq!(source, SocketSource::Text)).map_err(|error| error.source.kind())?;
    Ok(sockets)
}

#[test]
fn files_of_both_transports_and_families() {
    let place = TestDirectory::new("sockets-text");
    assert_eq!(read(&place), Err(io::ErrorKind::NotFound));
    write(&place, &[(TCP, IPV4)]);
    assert_eq!(read(&place), Err(io::ErrorKind::NotFound), "nothing is known of UDP");
    write(&place, &[(UDP, &IPV4.replace(" 0A ", " 07 "))]);
    assert_eq!(read(&place).map(|sockets| sockets.len()), Ok(2), "without IPv6");
    let any = "0".repeat(32);
    let ipv6 = IPV4.replace("00000000:0016 00000000:", &format!("{any}:0035 {any}:"));
    write(&place, &[(TCP6, &ipv6), (UDP6, &ipv6)]);
    let found = read(&place).unwrap().into_iter();
    let found: Vec<_> = found.map(|socket| (socket.transport, socket.local.to_string())).collect();
    let expected = [
        (Transport::Tcp, "[::]:53"),
        (Transport::Tcp, "0.0.0.0:22"),
        (Transport::Udp, "[::]:53"),
        (Transport::Udp, "0.0.0.0:22"),
    ];
    assert_eq!(found, expected.map(|(transport, local)| (transport, local.to_owned())));
    fs::remove_file(place.join("proc/net/udp6")).unwrap();
    fs::create_dir(place.join("proc/net/udp6")).unwrap();
    assert!(read(&place).is_err(), "a directory");
}

#[test]
fn rows_that_can_not_be_understood_are_counted_anew_by_each_reading() {
    let place = TestDirectory::new("sockets-skipped");
    write(&place, &[(TCP, "x\n"), (UDP, "y\nz\n")]);
    let mut reader = SocketReader::default();
    for _ in 0..2 {
        reader.read(&Root::replay(&*place), Wanted::States, &mut |_| panic!("a socket")).unwrap();
        assert_eq!(reader.skipped(), 3);
    }
}
