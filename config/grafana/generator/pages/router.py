"""The router itself, and the exporter: for whoever looks after them."""

from .. import look
from ..page import Page
from ..sources import influxdb_router as ask

EVERY_LABEL = "${__field.labels.what}"


def page(source):
    it = Page(
        source,
        "router",
        "Router",
        """The router itself: its connection table, its own TCP and sockets, its interfaces, and the exporter with what
        was lost on the way.""",
        device="router",
    )
    it.heading("Routers")
    it.line(5, routers())
    it.heading("The connection table")
    it.line(8, full(), to_full(), refused())
    it.line(9, budget())
    it.heading("The router's own TCP")
    it.line(8, sent_again(), sent_again_percent(), trouble())
    it.line(8, round_trip(), own_connections())
    it.line(9, (services(), 14), (listeners(), 10))
    it.heading("Interfaces")
    it.line(8, throughput("rx"), throughput("tx"), busy())
    it.line(8, damage(), interfaces())
    it.heading("The exporter")
    it.line(7, lost(), missing(), errors())
    it.line(7, nobody(), coverage(), spool())
    it.line(7, duration(), processor(), memory())
    it.line(5, clock())
    return it.json()


def routers():
    return look.table(
        "Who sends",
        """Every router that sent within the chosen time: its version, how it reads the table, devices in its newest
        snapshot, snapshots since its start. Seen longer ago than its interval, and growing: nothing arrives from it
        any more.""",
        ask.senders(),
        order=["Router", "Name", "Seen", "Devices", "Entries", "Snapshots", "Started", "Version", "Source"],
        nothing="·",
        columns={
            "Router": {"unit": "string"},
            "Name": {"unit": "string"},
            "Version": {"unit": "string"},
            "Source": {"unit": "string"},
            "Started": {"unit": "dateTimeFromNow"},
            "Seen": {"unit": "dateTimeFromNow"},
        },
    )


def full():
    return look.graph(
        "How full the table is",
        """Entries ÷ the most that the table holds, the highest of each step. Below 50 % is normal. A full table drops
        new connections: from 75 % on find out below who holds them, or raise nf_conntrack_max.""",
        ask.full(),
        unit="percentunit",
        name=EVERY_LABEL,
        bands=((None, "green"), (0.75, "orange"), (0.9, "red")),
        most=1,
        side=False,
    )


def to_full():
    return look.graph(
        "Time until it is full",
        """In how long the table is full if it goes on as in the last ten minutes; the shortest of each step. Nothing
        while it doesn't rise. Days are nothing; below an hour somebody opens connections faster than they go.""",
        ask.seconds_to_full(),
        unit="s",
        name=EVERY_LABEL,
        side=False,
    )


def refused():
    return look.graph(
        "Refused by the table",
        """Packets dropped for want of room (drop), entries taken out to make room (early_drop), entries not put in
        (insert_failed) and packets of no connection (invalid), in each step. A few invalid ones are normal. Any drop
        is a connection that somebody waited for.""",
        ask.refused_by_the_table(),
        name=EVERY_LABEL,
        bars=True,
        side=False,
    )


def budget():
    return look.graph(
        "Who holds the table",
        """The share of the table that each device holds, on top of each other, means of each step. One device with
        more than a third: file sharing, or a leak. Its page says which.""",
        ask.budget(),
        unit="percentunit",
        stack=True,
    )


def sent_again():
    return look.graph(
        "Sent again, per second",
        """Segments that the router's own TCP had to send again: averages of 1, 5 and 15 minutes. Only connections
        that end on the router. Near 0 is normal. Above 1 while it sends much: packets get lost, look at the
        interfaces and at the line.""",
        ask.sent_again(),
        name=EVERY_LABEL,
        fixed={"1 minute": "#5794f2", "5 minutes": "#ff9830", "15 minutes": "#a0a7b4"},
        side=False,
        unit="cps",
    )


def sent_again_percent():
    return look.graph(
        "Sent again, in percent",
        """Segments sent again, for a hundred sent for the first time. Below 1 % is normal, above 5 % somebody
        notices. Of few segments a percentage says little.""",
        ask.sent_again_percent(),
        unit="percent",
        name=EVERY_LABEL,
        bands=((None, "green"), (1, "orange"), (5, "red")),
        side=False,
    )


def trouble():
    return look.graph(
        "Other trouble of its TCP, per second",
        """Attempts thrown away because a program's queue was full (listen drops, overflows), answers that never came
        (timeouts), data thrown away for want of memory (pruned), resets, and attempts that failed. All near 0 is
        normal; resets and failures are also whoever knocks at a closed port.""",
        ask.trouble(),
        name=EVERY_LABEL,
        side=False,
        unit="cps",
    )


def round_trip():
    return look.graph(
        "Round-trip time by service",
        """How long an answer takes, the median over the open connections of each of the router's own services. A
        multiple of what it used to be: the line, or the other side, is busy. Only where the kernel has INET_DIAG.""",
        ask.round_trip(),
        unit="µs",
        name=EVERY_LABEL,
    )


def own_connections():
    return look.graph(
        "The router's own connections",
        """Open connections of the router itself, by service: as a server by its own port, as a client by the other
        side's. One that only climbs is a program that leaks.""",
        ask.own_connections(),
        name=EVERY_LABEL,
        label="connections",
    )


def services():
    return look.table(
        "Services of the router",
        """The router's own services at the newest snapshot. Half open in tens: somebody knocks and doesn't come in.
        Close wait that only grows: the program leaks. Sent again above 1 %: packets get lost. Waits for the other
        above 50 %: the other side is too slow.""",
        ask.tcp_services(),
        order=["Port", "Role", "Open", "Half open", "Closed", "Close wait", "Round trip", "Sent again", "Waits for the other"],
        sort=("Open", True),
        nothing="·",
        columns={
            "Port": look.text_column(width=70),
            "Role": look.text_column(width=70),
            "Open": {"custom.width": 80},
            "Half open": {"custom.width": 90},
            "Closed": {"custom.width": 80},
            "Close wait": {"custom.width": 100},
            "Round trip": {"unit": "µs", "custom.width": 100},
            "Sent again": {"unit": "percent", "decimals": 2, "custom.width": 100},
            "Waits for the other": {"unit": "percent", "decimals": 1},
        },
    )


def listeners():
    return look.table(
        "Open ports of the router",
        """Where the router can be called, at the newest snapshot. 0.0.0.0 and :: are all addresses; what can be
        reached from outside is for the firewall to say. A port that you don't know: look up who it is
        (system.processes names the program). Waiting near Room: that program doesn't keep up.""",
        ask.listeners(),
        order=["Port", "Protocol", "Address", "Waiting", "Room", "User", "Program"],
        sort=("Port", False),
        nothing="·",
        columns={
            "Port": {"unit": "none", "custom.width": 70},
            "Protocol": look.text_column(width=80),
            "Address": look.text_column(),
            "Waiting": {"custom.width": 80},
            "Room": {"custom.width": 70},
            "User": {"unit": "none", "custom.width": 60},
            "Program": look.text_column(width=120),
        },
    )


def throughput(direction):
    return look.graph(
        "Received by interface" if direction == "rx" else "Sent by interface",
        """What each interface carries, means of each step. What the router forwards comes in on one and goes out on
        another, and a bridge carries what its ports do: they don't add up.""",
        ask.throughput(direction),
        unit="bps",
        name=EVERY_LABEL,
        side=False,
    )


def busy():
    return look.graph(
        "How busy the hardware is",
        """How much of the speed of each physical interface its busier direction used, the highest of each step. Above
        80 % for long: the cable's speed is the limit.""",
        ask.busy(),
        unit="percent",
        name=EVERY_LABEL,
        bands=((None, "green"), (80, "red")),
        most=100,
        side=False,
    )


def damage():
    panel = look.graph(
        "Errors and drops",
        """Damaged and dropped packets of a hundred, the highest of each step. 0 is normal. Damaged ones: a bad cable,
        plug or radio. Dropped ones: no room, the processor doesn't keep up.""",
        ask.damage(),
        unit="percent",
        name=EVERY_LABEL,
    )
    kinds = {"rx_error": "red", "tx_error": "#ff9830", "rx_drop": look.DOWN, "tx_drop": "#b877d9"}
    return look.coloured_like(panel, kinds)


def interfaces():
    return look.table(
        "Interfaces",
        """Every interface at the newest snapshot. A speed below what cable and device can do: look at the plug.
        Carrier changes that rise: the cable, or what is at its other end, goes on and off.""",
        ask.interfaces(),
        order=["Interface", "State", "Speed", "Duplex", "MTU", "Changes", "Addresses"],
        sort=("Interface", False),
        nothing="·",
        columns={
            "Interface": look.text_column(width=100),
            "State": look.text_column(width=80),
            "Speed": {"unit": "Mbits", "custom.width": 90},
            "Duplex": look.text_column(width=70),
            "MTU": {"unit": "none", "custom.width": 70},
            "Changes": {"custom.width": 80},
            "Addresses": look.text_column(),
        },
    )


def lost():
    return look.graph(
        "Lost snapshots",
        """Snapshots that did not arrive, from gaps in the exporter's sequence within one start; shown at the first
        that arrived after them. 0 is normal; more: the network, or Telegraf was away. A restart of the exporter is
        no loss.""",
        ask.lost(),
        name=EVERY_LABEL,
        bars=True,
        side=False,
        nothing="None was lost",
    )


def missing():
    return look.graph(
        "Missing rows",
        """Rows that a snapshot lacks, against what it says it had (points): datagrams lost on the way. 0 is normal.
        In 24 steps: where a snapshot is lost as well, it can hide rows that another one of that step lacks; zoom in.
        While the router's clock is unset, the edge of a step may cut a snapshot in two.""",
        ask.missing(),
        name=EVERY_LABEL,
        bars=True,
        side=False,
    )


def errors():
    return look.graph(
        "Errors",
        """What went wrong since the snapshot before: datagrams refused (send_errors: is Telegraf there?), instants
        missed (ticks_skipped), lines of the table not understood (lines_unreadable), configurations refused
        (reload_errors), snapshots thrown out of a full spool (spool_lost). 0 is normal.""",
        ask.errors(),
        name=EVERY_LABEL,
        bars=True,
        side=False,
    )


def nobody():
    return look.graph(
        "Entries of nobody known",
        """Entries that no device could be found for (entries_unattributed), and those for which a limit left no room
        (entries_overflow): both are in other. A few are normal; nearly all: no interface matches lan.interfaces.""",
        ask.nobody(),
        name=EVERY_LABEL,
        side=False,
    )


def coverage():
    return look.graph(
        "How much of the line it sees",
        """Bytes of connections with the world ÷ bytes of the WAN's interfaces, the lowest of each step. Around 1 is
        normal. Well below, while much is moved: hardware forwards by itself and the kernel doesn't see it; what
        devices do can't be told then.""",
        ask.coverage(),
        unit="percentunit",
        name=EVERY_LABEL,
        side=False,
    )


def spool():
    return look.graph(
        "Waiting in the spool",
        """Snapshots that wait for a server that is away. Only where the exporter writes by HTTP; empty by UDP. It
        falls back to 0 once the server is there again.""",
        ask.spool(),
        name=EVERY_LABEL,
        nothing="Nothing waits",
        side=False,
        label="snapshots",
    )


def duration():
    return look.graph(
        "Duration of a snapshot",
        """How long reading and counting took, the longest in each step. Milliseconds are normal; it grows with the
        table, and with its square on kernels before 6.16.""",
        ask.duration(),
        unit="ns",
        name=EVERY_LABEL,
        side=False,
    )


def processor():
    return look.graph(
        "Processor time per snapshot",
        """What a snapshot, and the looks at the traffic since the one before, cost the router's processor: the mean of
        each step. It should be a small part of the interval.""",
        ask.processor(),
        unit="ns",
        name=EVERY_LABEL,
        side=False,
    )


def memory():
    return look.graph(
        "Memory",
        """Memory that the exporter holds. It is bounded: a steady rise over days would be a fault of ours, please
        tell us.""",
        ask.memory(),
        unit="bytes",
        name=EVERY_LABEL,
        side=False,
    )


def clock():
    return look.timeline(
        "Clock",
        """Whether the router's clock was known to be set. unset, after a boot without network: Telegraf gives the
        points their time, and missing rows can't be told.""",
        ask.clock(),
        look.words(set="green", unset="orange"),
        name=EVERY_LABEL,
    )
