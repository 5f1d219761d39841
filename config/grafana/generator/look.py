"""How panels look: one function for each kind, with what all of that kind share.

Colours of devices go by their names, so a device has the same one in every panel
and at every range. What has a fixed set of names has fixed colours.
"""

from grafana_foundation_sdk.builders import common as of_common
from grafana_foundation_sdk.builders import dashboard as of_dashboard
from grafana_foundation_sdk.builders import stat as of_stat
from grafana_foundation_sdk.builders import statetimeline, timeseries
from grafana_foundation_sdk.builders import table as of_table
from grafana_foundation_sdk.models import common
from grafana_foundation_sdk.models.dashboard import (
    DataTransformerConfig,
    DynamicConfigValue,
    FieldColorModeId,
    Threshold,
    ThresholdsMode,
    ValueMap,
    ValueMappingResult,
)

# What a device can be doing, by its code, with a colour that doesn't change.
ACTIVITIES = [
    ("unknown", "#c0a36e"),
    ("idle", "#59626d"),
    ("p2p", "red"),
    ("cloud gaming", "#b877d9"),
    ("call", "#5794f2"),
    ("realtime", "#8ab8ff"),
    ("video", "#73bf69"),
    ("update", "#ffb357"),
    ("download", "#ff9830"),
    ("upload", "#fade2a"),
    ("audio", "#96d98d"),
    ("browsing", "#37872d"),
    ("mixed", "#a0a7b4"),
]

# States of connections in the kernel's words.
STATES = {
    "ESTABLISHED": "#5794f2",
    "ACTIVE": "#8ab8ff",
    "SYN_SENT": "red",
    "SYN_SENT2": "#e02f44",
    "SYN_RECV": "#ff9830",
    "UNREPLIED": "#ffb357",
    "FIN_WAIT": "#96d98d",
    "LAST_ACK": "#73bf69",
    "CLOSE_WAIT": "#b877d9",
    "TIME_WAIT": "#a0a7b4",
    "CLOSE": "#6e6e6e",
    "NONE": "#ca95e5",
}

# Grafana before 10 gives colours by the order of lines alone, which is another one in
# each panel. So a device's goes by the first and the last sign of its name.
FIRST = ("a-f", "g-m", "n-s", "^a-s")
LAST = ("a-e01", "f-l23", "m-q45", "r-t67", "^a-t0-7")
DEVICE_COLORS = (
    "#4e79a7 #a0cbe8 #f28e2b #ffbe7d #59a14f "
    "#8cd17d #b6992d #f1ce63 #499894 #86bcb6 "
    "#d37295 #fabfd2 #b07aa1 #d4a6c8 #9d7660 "
    "#d7b5a6 #5794f2 #b877d9 #37872d #6ed0e0"
).split()

# Into how many steps a graph is cut at most.
STEPS = 400

DOWN, UP, GREY = "#5794f2", "#ff9830", "#8e8e8e"


def steps(*pairs):
    """Thresholds: colours, each but the first from a value on."""
    listed = [Threshold(value=value, color=color) for value, color in pairs]
    return of_dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(listed)


PLAIN = ((None, "green"),)
# The first colour is that of what isn't there, too.
FIGURE = ((None, GREY), (0, "green"))
DEVICE = "${__field.labels.device_name}"


def named(builder, title, help_text, targets):
    builder.title(title).description(" ".join(help_text.split()))
    for target in targets:
        builder.with_target(target)
    return builder


def called(builder, targets, name):
    """How each series is called: by what the query says of its columns, or by a label."""
    builder.max_data_points(getattr(targets[0], "points", STEPS))
    renamed = getattr(targets[0], "renamed", None)
    if renamed:
        pattern, made = renamed
        options = {"regex": pattern, "renamePattern": made}
        return builder.with_transformation(DataTransformerConfig(id_val="renameByRegex", options=options))
    return builder.display_name(name) if hasattr(targets[0], "expr") else builder


def coloured(builder, mode=FieldColorModeId.PALETTE_CLASSIC):
    return builder.color_scheme(of_dashboard.FieldColor().mode(mode))


def legend(calcs=("lastNotNull", "max"), placement=common.LegendPlacement.BOTTOM):
    shown = of_common.VizLegendOptions().show_legend(True).placement(placement).calcs(list(calcs))
    if not calcs:
        return shown.display_mode(common.LegendDisplayMode.LIST)
    most = {"sum": "Total", "max": "Max"}[calcs[-1]]
    return shown.display_mode(common.LegendDisplayMode.TABLE).sort_by(most).sort_desc(True)


def graph(
    title,
    help_text,
    targets,
    unit="short",
    label=None,
    name=DEVICE,
    bands=None,
    stack=False,
    bars=False,
    fixed=None,
    smooth=False,
    side=True,
    most=None,
    nothing=None,
):
    """Lines over time; `bands` draws thresholds, `stack` puts parts on each other, `fixed` gives names colours."""
    if targets is None:
        return None
    panel = called(named(timeseries.Panel(), title, help_text, targets), targets, name).unit(unit).min(0)
    panel.interval("${interval}s").thresholds(steps(*(bands or PLAIN)))
    coloured(panel)
    panel.draw_style(common.GraphDrawStyle.BARS if bars else common.GraphDrawStyle.LINE)
    panel.fill_opacity(60 if bars else 45 if stack else 0 if name == DEVICE else 6).line_width(1).show_points(common.VisibilityMode.AUTO)
    # Steps would run on to the right edge, whatever is missing there.
    panel.line_interpolation(common.LineInterpolation.SMOOTH if smooth else common.LineInterpolation.LINEAR).point_size(4)
    # A line isn't drawn over what is missing.
    panel.span_nulls(False)
    mode = common.StackingMode.NORMAL if stack else common.StackingMode.NONE
    panel.stacking(of_common.StackingConfig().mode(mode).group("A"))
    style = common.GraphThresholdsStyleMode.LINE_AND_AREA if bands else common.GraphThresholdsStyleMode.OFF
    panel.thresholds_style(of_common.GraphThresholdsStyleConfig().mode(style))
    panel.tooltip(of_common.VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI).sort(common.SortOrder.DESCENDING))
    place = common.LegendPlacement.RIGHT if side else common.LegendPlacement.BOTTOM
    panel.legend(legend(("sum",) if bars else ("lastNotNull", "max"), place))
    if label:
        panel.axis_label(label)
    if most is not None:
        panel.max(most)
    if nothing:
        panel.no_value(nothing)
    if name == DEVICE:
        by_device(panel)
    for which, color in (fixed or {}).items():
        panel.override_by_name(which, [coloured_as(color)])
    return panel


def by_device(panel):
    """Gives every device a colour by its name."""
    pairs = [(first, last) for first in FIRST for last in LAST]
    for (first, last), color in zip(pairs, DEVICE_COLORS):
        panel.override_by_regexp(f"/^(?=[{first}]).*[{last}]$/i", [coloured_as(color)])
    panel.override_by_name("other", [coloured_as(GREY)])
    return panel.override_by_name("router", [coloured_as("#c8c8c8")])


def coloured_as(color):
    return DynamicConfigValue(id_val="color", value={"mode": "fixed", "fixedColor": color})


def coloured_like(panel, colors):
    """Gives all whose name contains a text one colour."""
    for part, color in colors.items():
        panel.override_by_regexp(f"/{part}/", [coloured_as(color)])
    return panel


def dashed(panel, name, color=GREY):
    """A line that isn't one of the others: what they are together, or a limit."""
    style = {"fill": "dash", "dash": [6, 6]}
    return panel.override_by_name(
        name,
        [
            coloured_as(color),
            DynamicConfigValue(id_val="custom.lineStyle", value=style),
            DynamicConfigValue(id_val="custom.fillOpacity", value=0),
            DynamicConfigValue(id_val="custom.stacking", value={"group": "B", "mode": "none"}),
        ],
    )


def tile(title, help_text, targets, unit="short", bands=FIGURE, nothing="nothing yet", decimals=None, filled=False, fields="", size=None):
    """One figure; `filled` colours what is behind it."""
    if targets is None:
        return None
    panel = named(of_stat.Panel(), title, help_text, targets).unit(unit).thresholds(steps(*bands)).no_value(nothing)
    coloured(panel, FieldColorModeId.THRESHOLDS)
    panel.color_mode(common.BigValueColorMode.BACKGROUND if filled else common.BigValueColorMode.VALUE)
    panel.graph_mode(common.BigValueGraphMode.NONE)
    panel.reduce_options(of_common.ReduceDataOptions().calcs(["lastNotNull"]).fields(fields).values(False))
    panel.text_mode(common.BigValueTextMode.VALUE)
    if size:
        panel.text(of_common.VizTextDisplayOptions().value_size(size))
    if decimals is not None:
        panel.decimals(decimals)
    return panel


def table(title, help_text, targets, order=None, sort=None, columns=None, nothing="nothing", bands=PLAIN, merge=False, unit="short", renamed=None):
    """Rows; `columns` says of single ones how they look, `order` in which they come."""
    if targets is None:
        return None
    panel = named(of_table.Panel(), title, help_text, targets).unit(unit).thresholds(steps(*bands)).no_value(nothing)
    coloured(panel, FieldColorModeId.THRESHOLDS)
    if merge:
        panel.with_transformation(DataTransformerConfig(id_val="merge", options={}))
    if order:
        # Columns are put in order by the names that they come with.
        came = {shown: came for came, shown in (renamed or {}).items()}
        places = {came.get(name, name): place for place, name in enumerate(order)}
        hidden = {"Time": True} if renamed else {}
        options = {"excludeByName": hidden, "indexByName": places, "renameByName": renamed or {}}
        panel.with_transformation(DataTransformerConfig(id_val="organize", options=options))
    if sort:
        name, falling = sort
        panel.sort_by([of_common.TableSortByFieldState().display_name(name).desc(falling)])
    for name, properties in (columns or {}).items():
        listed = [DynamicConfigValue(id_val=key, value=value) for key, value in properties.items()]
        panel.override_by_name(name, listed)
    return panel


def thresholds_of(*pairs):
    """Thresholds of one column."""
    return {"mode": "absolute", "steps": [{"color": color, "value": value} for value, color in pairs]}


def gauge_column(*bands, unit="short", most=None, width=None):
    properties = {"custom.displayMode": "gradient-gauge", "unit": unit, "min": 0, "thresholds": thresholds_of(*bands)}
    if most is not None:
        properties["max"] = most
    if width:
        properties["custom.width"] = width
    return properties


def text_column(width=None):
    properties = {"unit": "string", "custom.displayMode": "auto"}
    if width:
        properties["custom.width"] = width
    return properties


def activities(**other):
    """Words and colours for codes; `other` has other colours for some."""
    listed = enumerate((text, other.get(text, color)) for text, color in ACTIVITIES)
    texts = {str(code): ValueMappingResult(text=text, color=color, index=code) for code, (text, color) in listed}
    return [ValueMap(options=texts)]


def timeline(title, help_text, targets, mappings, name=DEVICE, nothing="not there"):
    """What something was, over time, a band for each."""
    if targets is None:
        return None
    panel = called(named(statetimeline.Panel(), title, help_text, targets), targets, name).mappings(mappings).unit("short")
    panel.interval("${interval}s").no_value(nothing).thresholds(steps(*PLAIN))
    # By thresholds Grafana would take all numbers below one for the same.
    coloured(panel)
    panel.fill_opacity(85).line_width(0).merge_values(True).show_value(common.VisibilityMode.NEVER).row_height(0.85)
    panel.align_value(common.TimelineValueAlignment.LEFT)
    panel.legend(legend(calcs=()))
    panel.tooltip(of_common.VizTooltipOptions().mode(common.TooltipDisplayMode.SINGLE).sort(common.SortOrder.NONE))
    return panel


def words(**colors):
    """Of a timeline: words that stand for themselves."""
    listed = enumerate(colors.items())
    return [ValueMap(options={word: ValueMappingResult(color=color, index=index) for index, (word, color) in listed})]


def logarithmic(panel):
    return panel.scale_distribution(of_common.ScaleDistributionConfig().type(common.ScaleDistribution.LOG).log(10)).min(1)


def without_axis(panel):
    """Of what is there or not."""
    return panel.axis_placement(common.AxisPlacement.HIDDEN)


def signed(panel):
    """What can be below 0."""
    panel.build().field_config.defaults.min_val = None
    return panel
