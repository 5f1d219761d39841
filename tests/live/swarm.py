"""A swarm, for a client behind NAT: a tracker and 45 peers, each at an address and a port of its own. 20 have the file;
25 want it, and get it from the client only, as nobody tells them of each other.

usage: swarm.py DIRECTORY    where it puts the file and swarm.torrent
"""

import http.server
import pathlib
import random
import socket
import struct
import sys

import libtorrent

TRACKER = "198.51.100.50"
PEERS = [(f"198.51.100.{101 + number}", random.Random(number).randrange(20_000, 60_000)) for number in range(45)]
SEEDS = 20
SIZE = 1_000_000_000
# Bytes a second: together more than the client lets in or out.
LIMIT = 60_000


def torrent(directory):
    """Makes the file, without a block on the disk, and the torrent of it."""
    with open(directory / "swarm.bin", "wb") as file:
        file.truncate(SIZE)
    files = libtorrent.file_storage()
    files.add_file("swarm.bin", SIZE)
    made = libtorrent.create_torrent(files, 1 << 20, libtorrent.create_torrent.v1_only)
    made.add_tracker(f"http://{TRACKER}:6969/announce")
    libtorrent.set_piece_hashes(made, str(directory))
    path = directory / "swarm.torrent"
    path.with_suffix(".new").write_bytes(libtorrent.bencode(made.generate()))
    path.with_suffix(".new").rename(path)
    return libtorrent.torrent_info(str(path))


def peer(info, number, directory):
    address, port = PEERS[number]
    settings = {
        "listen_interfaces": f"{address}:{port}",
        "outgoing_interfaces": address,
        "upload_rate_limit": LIMIT,
        "download_rate_limit": LIMIT,
        "aio_threads": 1,
        "hashing_threads": 1,
    }
    for name in ["enable_dht", "enable_lsd", "enable_upnp", "enable_natpmp"]:
        settings[name] = False
    # Without the plugins, one of which would tell the peers of each other.
    session = libtorrent.session(settings, 0)
    wanted = libtorrent.add_torrent_params()
    wanted.ti = info
    wanted.flags = libtorrent.torrent_flags.override_trackers
    wanted.save_path = str(directory)
    if number < SEEDS:
        wanted.flags |= libtorrent.torrent_flags.seed_mode
    else:
        wanted.save_path = str(directory / f"peer{number}")
    session.add_torrent(wanted)
    return session


class Tracker(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        # Without both numbers the client takes all for those who have the file.
        peers = b"".join(socket.inet_aton(address) + struct.pack("!H", port) for address, port in PEERS)
        known = {b"interval": 1800, b"complete": SEEDS, b"incomplete": len(PEERS) - SEEDS}
        self.send_response(200)
        self.end_headers()
        self.wfile.write(libtorrent.bencode({**known, b"peers": peers}))

    def log_message(self, *_):
        pass


directory = pathlib.Path(sys.argv[1])
info = torrent(directory)
sessions = [peer(info, number, directory) for number in range(len(PEERS))]
http.server.ThreadingHTTPServer((TRACKER, 6969), Tracker).serve_forever()
