"""Everything about one device."""

from .. import look
from ..page import Page
from .overview import OPEN_BANDS


def page(source):
    it = Page(
        source,
        "device",
        "Device",
        "Everything about one device: what it does, with whom, how many connections it holds, and what is normal for it.",
        device="one",
    )
    it.line(4, *tiles(source))
    it.line(3, why(source))
    it.heading("Connections")
    it.line(10, states(source))
    it.line(8, opened(source), unanswered(source))
    it.heading("Traffic")
    it.line(9, traffic(source), services(source, "rx"), services(source, "tx"))
    it.line(8, (hosts(source), 2), (top_host(source), 2), (destinations(source), 3))
    it.heading("What is normal for it")
    it.line(8, (normal(source), 3), (growth(source), 2), (idle(source), 2))
    it.line(4, doing(source))
    it.heading("Who it is, and what was wrong")
    it.line(5, inventory(source))
    it.line(8, alerts(source))
    return it.json()


def tiles(source):
    activity = look.tile(
        "Doing now",
        """What the exporter makes of the last minute's figures; the line below says by which. It is unknown in the
        first moments after a start, and where the kernel doesn't count bytes.""",
        source.doing_now(),
        nothing="not there",
    ).mappings(look.activities())
    return [
        activity,
        look.tile(
            "Open connections",
            """Connections that carry something now. 1 to 5: minimal. 5 to 20: light use or streaming. 20 to 50:
            moderate. 50 to 100: heavy. Above 100: look into it.""",
            source.open_now(),
            bands=OPEN_BANDS,
            nothing="not there",
        ),
        usual(source),
        look.tile(
            "Download now",
            "What it receives now, as the mean of the last interval. Nothing while it plays a film: it buffers.",
            source.rate_now("rx"),
            unit="bps",
            bands=((None, look.GREY), (0, look.DOWN)),
            nothing="not there",
        ),
        look.tile(
            "Upload now",
            """What it sends now, as the mean of the last interval. A camera or a lamp that sends Mbit/s for long is
            worth a question to whom.""",
            source.rate_now("tx"),
            unit="bps",
            bands=((None, look.GREY), (0, look.UP)),
            nothing="not there",
        ),
        look.tile(
            "Alerts",
            "How many alerts of this device fire now. The list at the bottom has those of the chosen time.",
            source.alerts_now(),
            bands=((None, "green"), (1, "red")),
            nothing="none",
            filled=True,
        ),
    ]


def usual(source):
    return look.tile(
        "Usual at this hour",
        """The most connections that it usually has at this hour of the week. It is known after seven days. Twice as
        many now: an alert tells of it.""",
        source.normal_now(),
        nothing="after 7 days",
        decimals=0,
    )


def why(source):
    return look.tile(
        "Why",
        "The figures by which the exporter decided what the device is doing.",
        source.why_now(),
        unit="string",
        nothing="no connections",
        bands=((None, "text"),),
        fields="/^Why$/",
        size=22,
    )


def states(source):
    panel = look.graph(
        "Connections by protocol and state",
        """All its connections, in the kernel's words, means of each step on top of each other. tcp ESTABLISHED and
        udp ACTIVE are open. TIME_WAIT and FIN_WAIT are closing, and harmless. CLOSE_WAIT that only grows: a program
        doesn't close what the other side has ended. SYN_SENT and UNREPLIED are unanswered: dozens of them, for long,
        are a device that knocks where nobody answers, as malware does. Films and web pages by QUIC are udp, so are
        calls and games. In a step in which the exporter stood still there are fewer.""",
        source.states(),
        name="${__field.labels.protocol} ${__field.labels.state}",
        stack=True,
        label="connections",
    )
    return look.coloured_like(panel, {f"^tcp {state}$|^udp {state}$": color for state, color in look.STATES.items()})


def opened(source):
    panel = look.graph(
        "Opened and closed per second",
        """Connections opened and closed per second, means of each step. Both high while the count stays level is
        churn: a program that tries again and again. Opened above closed for hours is a leak.""",
        source.opened_and_closed(),
        name="${__field.labels.protocol}",
        unit="cps",
        label="per second",
    )
    return look.coloured_like(panel, {"^opened": "#73bf69", "^closed": "#a0a7b4"})


def unanswered(source):
    return look.graph(
        "Unanswered, per minute",
        """Connections opened that nobody had answered when they were last seen, per minute. A few are normal. Tens,
        for long: what it calls isn't there any more, or it looks for victims; see the alert scan.""",
        source.unanswered(),
        name="${__field.labels.protocol}",
        bars=True,
        side=False,
        fixed={"tcp": "#5794f2", "udp": "#73bf69", "icmp": "#ffb357", "other": look.GREY},
        label="per minute",
    )


def traffic(source):
    return look.graph(
        "Down and up",
        """What it received and sent, means of each step. A film comes in bursts, a download is flat, a backup is an
        upload for hours. Empty although connections show: the router doesn't count bytes, and conntrack-exporter
        check says why.""",
        source.traffic_both(),
        name="${__field.labels.what}",
        unit="bps",
        fixed={"down": look.DOWN, "up": look.UP},
        side=False,
    )


def services(source, direction):
    return look.graph(
        "Download by service" if direction == "rx" else "Upload by service",
        """By the service's port: HTTPS and QUIC are the web, films among it. unlisted is a port that no known service
        has, as file sharing and many games use. Means of each step, on top of each other.""",
        source.services(direction),
        name="${__field.labels.protocol}",
        unit="bps",
        stack=True,
        side=False,
    )


def hosts(source):
    return look.graph(
        "Remote hosts",
        """With how many addresses out there it exchanged anything, the most in each step. A film has 2 to 5, a web
        page 10 to 40, file sharing hundreds. A lamp or a camera that suddenly has many: look into it.""",
        source.hosts(),
        name="${__field.labels.what}",
        fixed={"hosts": "#b877d9"},
        side=False,
        label="hosts",
    )


def top_host(source):
    return look.graph(
        "Share of the busiest host",
        """How much of what it moved was with the one busiest host, mean of each step. Near 100 %: a film or a
        download. Near 0: browsing or file sharing.""",
        source.top_host(),
        name="${__field.labels.what}",
        unit="percentunit",
        fixed={"busiest": "#8ab8ff"},
        most=1,
        side=False,
    )


def destinations(source):
    return look.table(
        "Where to",
        """What it exchanged with whom in the chosen time. Empty unless the exporter's destinations.mode says that it
        may be told: docs/destinations.md.""",
        source.destinations(),
        merge=True,
        order=["Where", "Service", "Down", "Up"],
        renamed=source.RENAMED.get("destinations"),
        sort=("Down", True),
        nothing="·",
        unit="bytes",
        columns={
            "Where": look.text_column(),
            "Service": look.text_column(width=90),
            "Down": {"custom.width": 110},
            "Up": {"custom.width": 110},
        },
    )


def normal(source):
    panel = look.graph(
        "Connections, against its own normal",
        """The mean of the last quarter of an hour and the most of the last hour, beside the most that it usually has
        at this hour of the week (dashed; known after seven days). Above the dashed line by half: an alert tells of
        it. Something is new: an app, a guest, an intruder.""",
        source.against_normal(),
        name="${__field.labels.what}",
        fixed={"mean of 15 minutes": "#5794f2", "most in an hour": "#ffb357"},
        side=False,
        label="connections",
    )
    return look.dashed(panel, "its normal")


def growth(source):
    return look.signed(
        look.graph(
            "Growth per hour",
            """By how many connections it grows in an hour, whatever single peaks do. Around 0 is normal. Above 3 for
            hours: a leak. Restart the program, or the device. It is known after three hours.""",
            source.growth(),
            name="${__field.labels.what}",
            fixed={"an hour": "#ff9830"},
            side=False,
            label="connections an hour",
        )
    )


def idle(source):
    return look.graph(
        "Kept open for nothing",
        """Open TCP connections over which nothing has passed for ten minutes. Phones keep some, for messages. One
        that climbs is a leak.""",
        source.idle_entries(),
        name="${__field.labels.what}",
        fixed={"nothing for ten minutes": "#a0a7b4"},
        side=False,
        label="connections",
    )


def doing(source):
    return look.timeline(
        "What it was doing",
        """What the exporter made of it, at the end of each step. Green: film or music. Orange: download or update.
        Red: file sharing. Blue: call or game. Grey: idle. A gap: it wasn't there.""",
        source.activity(),
        look.activities(),
    )


def inventory(source):
    return look.table(
        "Names and addresses",
        """How the device is known: its addresses, who gave the name, and since when it has been seen. A MAC whose
        second digit is 2, 6, A or E is made up, as phones do for privacy. Not your device? Change the Wi-Fi's
        password.""",
        source.inventory(),
        order=["Device", "Address", "MAC", "Type", "Named by", "Online", "First seen", "Last seen"],
        nothing="·",
        unit="string",
        columns={"First seen": {"unit": "dateTimeFromNow"}, "Last seen": {"unit": "dateTimeFromNow"}},
    )


def alerts(source):
    return look.table(
        "Alerts of the chosen time",
        """Every alert of this device that fired in the chosen time: what was wrong, against which normal, and what to
        do. Told: when the exporter last spoke of it. Empty is normal.""",
        source.alerts_of_the_time(),
        order=["Since", "Device", "What", "Rule", "Severity", "Told"],
        nothing="Nothing was wrong",
        unit="string",
        columns={
            "Since": {"unit": "dateTimeAsLocal", "custom.width": 170},
            "Told": {"unit": "dateTimeAsLocal", "custom.width": 170},
            "Device": look.text_column(width=150),
            "Rule": look.text_column(width=130),
            "Severity": look.text_column(width=90),
        },
    )
