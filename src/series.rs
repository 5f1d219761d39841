//! What measurements give and outputs are handed: points, the bound on their number, what a series is.

pub mod config;
pub mod limit;
pub mod point;
pub mod schema;

use std::rc::Rc;
use std::time::Duration;

use crate::measurements::findings::Findings;
use point::{Field, FieldName, GlobalTags, Point, Tag, Tags, Value};
use schema::{Schema, field_longest};

/// Where one measurement puts the points of a snapshot.
#[derive(Debug)]
pub struct Series<'a> {
    schema: &'static Schema,
    global: &'a GlobalTags,
    points: Vec<Point>,
    /// Whether anything is known of these series at this tick.
    is_known: bool,
    findings: &'a mut Findings,
}

impl<'a> Series<'a> {
    /// Nothing yet.
    pub(crate) const fn new(
        schema: &'static Schema,
        global: &'a GlobalTags,
        findings: &'a mut Findings,
    ) -> Self {
        Self { schema, global, points: Vec::new(), is_known: true, findings }
    }

    /// A tag set of this snapshot: `of` (of a device, or of the router) and what the measurement adds, beside the
    /// user's own.
    pub fn tags(&self, of: &[Tag], more: &[(&'static str, &str)]) -> Rc<Tags> {
        let more = more.iter().map(|(key, value)| (*key, Rc::from(*value)));
        Rc::new(Tags::new(of.iter().cloned().chain(more).collect(), self.global))
    }

    /// Gives a point. One without fields is none.
    pub fn push<N: Into<FieldName>>(&mut self, tags: Rc<Tags>, fields: Vec<(N, Value)>) {
        self.push_earlier(tags, fields, Duration::ZERO);
    }

    /// Gives a point of an instant that was `age` before the snapshot's. One without fields is none; one of more fields
    /// than a line may have becomes several.
    #[expect(clippy::needless_pass_by_value, reason = "whoever gives a point has made its tags for it")]
    pub fn push_earlier<N: Into<FieldName>>(
        &mut self,
        tags: Rc<Tags>,
        fields: Vec<(N, Value)>,
        age: Duration,
    ) {
        let room = if self.schema.splits() { self.schema.room_for_fields() } else { usize::MAX };
        let (mut line, mut taken) = (Vec::new(), 0);
        for (name, value) in fields {
            let field = (name.into(), value);
            let longest = field_longest(&field.0, field.1.kind());
            if taken + longest > room && !line.is_empty() {
                self.points.push(self.point(&tags, std::mem::take(&mut line), age));
                taken = 0;
            }
            taken += longest;
            line.push(field);
        }
        if !line.is_empty() {
            self.points.push(self.point(&tags, line, age));
        }
    }

    fn point(&self, tags: &Rc<Tags>, fields: Vec<Field>, age: Duration) -> Point {
        Point { measurement: self.schema.name, tags: Rc::clone(tags), fields, age }
    }

    /// Nothing is known of these series at this tick: what was sent of them has neither changed nor gone.
    pub const fn know_nothing(&mut self) {
        self.is_known = false;
    }

    /// What the measurements of this snapshot have found out so far.
    pub const fn findings(&mut self) -> &mut Findings {
        self.findings
    }

    /// The points, in the order of their tags, and of one series the earliest first; `None` if nothing is known.
    pub(crate) fn into_points(mut self) -> Option<Vec<Point>> {
        self.points.sort_by(|one, other| one.tags.cmp(&other.tags).then(other.age.cmp(&one.age)));
        self.is_known.then_some(self.points)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::line_protocol::Lines;
    use crate::series::schema::{Clock, LINE_AT_MOST, TagSchema, UserTags, integer};

    const SCHEMA: Schema = Schema {
        name: "nstat",
        every: Clock::Interval,
        tags: &[TagSchema::name("host")],
        fields: &[integer("TcpExtSomethingThatHasALongName"); 100],
        user_tags: UserTags::Replace,
        ends_with_zero: &[],
    };

    #[test]
    fn what_is_too_long_for_a_line_becomes_several_of_one_series() {
        let (global, mut findings) = ([].into(), Findings::default());
        let mut series = Series::new(&SCHEMA, &global, &mut findings);
        let tags = series.tags(&[("host", ",".repeat(64).into())], &[]);
        let fields: Vec<_> =
            (0..229).map(|number| (format!("TcpExtFigure{number}"), Value::Integer(i64::MIN))).collect();
        series.push(tags, fields);
        let points = series.into_points().unwrap();
        let names = points.iter().flat_map(|point| &point.fields).map(|(name, _)| &**name);
        assert!(names.eq((0..229).map(|number| format!("TcpExtFigure{number}"))));
        let mut lines = Lines::default();
        lines.write(&points, Some(i64::MAX));
        let longest = str::from_utf8(lines.text()).unwrap().lines().map(str::len).max().unwrap();
        assert!(points.len() > 8 && longest < LINE_AT_MOST && longest > 600, "{longest}");
    }
}
