"""The home at a glance: who is there, what everybody does, and whether anything is wrong."""

from .. import look
from ..page import Page

OPEN_BANDS = ((None, "green"), (5, "blue"), (20, "yellow"), (50, "orange"), (100, "red"))
# The first is that of no data at all.
AGE_BANDS = ((None, "red"), (0, "green"), (90, "orange"), (180, "red"))
NOTHING_CAME = "nothing came"


def page(source):
    it = Page(
        source,
        "overview",
        "Home network",
        "Who is there, what everybody is doing, and whether anything is wrong: what conntrack-exporter tells of this home.",
        device="many",
    )
    it.line(3, *tiles(source))
    it.line(11, devices(source))
    it.line(15, doing(source))
    it.line(11, parts(source, "rx"), parts(source, "tx"))
    it.line(11, (open_connections(source), 3), (alerts(source), 2))
    return it.json()


def tiles(source):
    return [
        look.tile(
            "Open connections",
            """Connections that carry something now, of all devices together. A home has 50 to 500. What matters is
            a number that isn't usual for yours: then look at the table below for the device that has most of them.""",
            source.open_now(),
            nothing=NOTHING_CAME,
        ),
        look.tile(
            "Devices online",
            """Devices that had a connection or answered the router within the last five minutes. More than you own:
            look at their names, and at the alert for new devices.""",
            source.online_now(),
            nothing=NOTHING_CAME,
        ),
        look.tile(
            "Download now",
            """What all devices together receive now. Compare it with what you pay for: near to that, everybody
            feels it.""",
            source.rate_now("rx"),
            unit="bps",
            nothing=NOTHING_CAME,
            bands=((None, look.GREY), (0, look.DOWN)),
        ),
        look.tile(
            "Upload now",
            """What all devices together send now. An upload at the limit of the line makes everything slow, calls
            first: pause it, or have it run by night.""",
            source.rate_now("tx"),
            unit="bps",
            nothing=NOTHING_CAME,
            bands=((None, look.GREY), (0, look.UP)),
        ),
        look.tile(
            "Table full",
            """How full the router's connection table is. Normal is below 50 %. A full one drops new connections, so
            above 75 % find out who holds them (Router page), or raise nf_conntrack_max.""",
            source.full_now(),
            unit="percentunit",
            decimals=0,
            bands=((None, look.GREY), (0, "green"), (0.75, "orange"), (0.9, "red")),
            nothing=NOTHING_CAME,
        ),
        look.tile(
            "Alerts",
            """How many alerts fire now. None is normal. The list at the bottom says what each means and what to do
            about it.""",
            source.alerts_now(),
            bands=((None, "green"), (1, "red")),
            nothing="none",
            filled=True,
        ),
        look.tile(
            "Age of the data",
            """How long ago the exporter's newest snapshot was taken. Up to its interval, 30 seconds, and a little is
            normal. Red: nothing arrives any more, and what else you see here is old. Is the router on, the service
            running, Telegraf there? docs/when-nothing-shows.md goes through it. Never anything: look at the data
            source and the bucket at the top, too; the data source's query language must be Flux where it is
            InfluxDB.""",
            source.age_of_data(),
            unit="s",
            decimals=0,
            bands=AGE_BANDS,
            nothing="no data",
            filled=True,
        ),
    ]


def device_link(source):
    url = f"/d/conntrack-device{source.SUFFIX}?var-device=${{__value.raw:percentencode}}&${{datasource:queryparam}}"
    return [{"title": "All about this device", "url": url + source.LINK_VARIABLES + "&${__url_time_range}"}]


def devices(source):
    return look.table(
        "Devices",
        """Each device at the newest snapshot. Doing and Why: what the exporter makes of the figures. Open:
        connections that carry something; 1 to 5 is minimal, 5 to 20 light use or streaming, 20 to 50 moderate, 50 to
        100 heavy. Above 100: look into it. Download draws the chosen time: ▁ below 10 kbit/s, ▄ a film, █ above
        100 Mbit/s. A device's name leads to its own page. router is the router itself; other is what no device could
        be found for.""",
        source.devices_now(),
        merge=True,
        renamed=source.RENAMED.get("devices"),
        order=["Device", "Doing", "Why", "Download", "Down", "Up", "Open", "Alerts"],
        sort=("Open", True),
        nothing="·",
        bands=((None, "text"),),
        columns={
            "Device": look.text_column(width=190) | {"links": device_link(source)},
            # A band may be dim; a word must be read.
            "Doing": {"mappings": look.activities(idle=look.GREY), "custom.displayMode": "color-text", "custom.width": 110},
            "Why": look.text_column(),
            "Download": look.text_column(width=250),
            "Down": {"unit": "bps", "custom.width": 100, "decimals": 1},
            "Up": {"unit": "bps", "custom.width": 100, "decimals": 1},
            "Open": look.gauge_column(*OPEN_BANDS, most=100, width=160),
            "Alerts": {"custom.displayMode": "color-text", "thresholds": look.thresholds_of((None, "red")), "custom.width": 70},
        },
    )


def doing(source):
    return look.timeline(
        "What everybody is doing",
        """A band for each device: films and music green, calls blue, downloads and updates orange, file sharing red.
        Grey is idle, and a gap: not there. A device that downloads or shares files for hours by night, and nobody
        knows why, is worth a look at its own page. Each step of the graph shows what it was at its end.""",
        source.activity(),
        look.activities(),
    )


def parts(source, direction):
    title = "Download by device" if direction == "rx" else "Upload by device"
    what = "receives" if direction == "rx" else "sends"
    return look.graph(
        title,
        f"""What each device {what}, on top of each other: the upper edge is all of them. Means of each step. A film
        takes 3 to 25 Mbit/s in bursts, a download all there is. An edge that stays flat at the top is your line's
        limit: somebody waits.""",
        source.traffic_parts(direction),
        unit="bps",
        stack=True,
        side=False,
    )


def open_connections(source):
    return look.graph(
        "Open connections by device",
        """Connections that carry something, the most in each step. A film has a few, a browser dozens, file sharing
        hundreds. One that climbs for hours and never falls is a leak: restart that program. A line ends where nothing
        came.""",
        source.connections(),
        side=False,
    )


def alerts(source):
    return look.table(
        "What is wrong now",
        """Every alert that fires: what is wrong, against which normal, and what to do. Empty is normal. docs/alerts.md
        tells of each rule, and how to mute it.""",
        source.firing_now(),
        renamed=source.RENAMED.get("firing"),
        order=["Device", "What", "Rule", "Severity", "Since"],
        nothing="Nothing is wrong",
        columns={
            "What": look.text_column(),
            "Device": look.text_column(width=130),
            "Rule": look.text_column(width=120),
            "Severity": look.text_column(width=80),
            "Since": {"unit": "dateTimeFromNow", "custom.width": 120},
        },
    )
