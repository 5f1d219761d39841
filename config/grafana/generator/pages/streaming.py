"""Streaming or downloading? Count, speed and what comes of both, under each other, for one device or all."""

from .. import look
from ..page import Page


def page(source):
    it = Page(
        source,
        "streaming",
        "Streaming",
        """Is it a stream or a download, and does it stall? How many connections each device has, how much it moves, and
        how much through each of them, under each other. Choose one device at the top to read them together.""",
        device="many",
    )
    it.line(8, states(source))
    it.line(10, speed(source, "rx"), speed(source, "tx"))
    it.line(8, efficiency(source))
    it.line(12, doing(source))
    it.line(5, buffering(source))
    it.line(8, opened(source))
    return it.json()


def states(source):
    return look.graph(
        "Connection States (Streaming Devices)",
        """Connections that carry something, by device: TCP in state ESTABLISHED and everything else that was answered
        (ACTIVE); the most in each step. 1 to 5: minimal. 5 to 20: light use or streaming. 20 to 50: moderate. 50 to
        100: heavy. Above 100: look into it. A stream holds a few connections for a long time; a download or file
        sharing opens many. A device shows while it has more than the number chosen at the top, and has a gap
        otherwise.""",
        source.streaming_connections(),
        bands=((None, "green"), (100, "red")),
        label="connections",
    )


def speed(source, direction):
    title = "Download, highest of each step" if direction == "rx" else "Upload, highest of each step"
    what = "received" if direction == "rx" else "sent"
    return look.graph(
        title,
        f"""The most that each device {what} in any interval of each step. A film in HD takes 3 to 8 Mbit/s, in 4K 15
        to 25, in bursts with pauses; a download runs flat at what the line gives. Falls to nothing while it plays:
        see Buffering below.""",
        source.traffic_highest(direction),
        unit="bps",
        side=False,
    )


def efficiency(source):
    panel = look.graph(
        "Bits per second per connection",
        """What a device moves ÷ its open connections, the highest of each step. Above 1 Mbit/s (green): much through
        few, which is streaming or a download. Below 100 kbit/s (grey): browsing, or connections that are only kept
        open. High with few connections and pauses: a film. High and flat: a download. The axis is logarithmic.""",
        source.per_connection(),
        unit="bps",
        bands=((None, look.GREY), (100_000, "#fade2a"), (1_000_000, "green")),
    )
    return look.logarithmic(panel)


def doing(source):
    return look.timeline(
        "What it is doing",
        """What the exporter makes of it, at the end of each step. Green: film or music. Orange: download or update.
        Red: file sharing. Blue: call or game. Doesn't fit what you see? docs/how-to-read-it.md says by which figures
        each is told.""",
        source.activity(),
        look.activities(),
    )


def buffering(source):
    panel = look.graph(
        "Buffering",
        """A bar where a film had a pause that isn't one of its usual ones while its connections fell or doubled: the
        picture stood still. Once is nothing. Often, at the same hour: compare with the download above and with what
        the others did then.""",
        source.buffering(),
        bars=True,
        most=1,
        nothing="No film had to buffer",
    )
    return look.without_axis(panel)


def opened(source):
    return look.graph(
        "New connections per second",
        """How many connections of TCP and UDP each device opened per second, means of each step. Browsing comes in peaks, a stream
        opens next to none. More than 10 for minutes is file sharing, or a device that scans: look at its page. What
        came and went between two looks at the table isn't among them.""",
        source.opened(),
        unit="cps",
        label="opened per second",
    )
