//! A bucket is read back: what is asked in Flux, and the tables that are answered, as CSV.

use std::borrow::Cow;

use bytes::Bytes;
use csv::{ByteRecord, ReaderBuilder};
use hyper::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use hyper::{Method, StatusCode};
use thiserror::Error;

use super::answer::Answer;
use super::client::Question;
use super::config::Word;
use super::url::Url;

/// Where queries are asked.
const QUERY: &str = "/api/v2/query";

/// What is asked to have a query answered, but for the query.
#[derive(Clone, Debug)]
pub(crate) struct QueryRequest {
    target: String,
    answer_at_most: usize,
}

impl QueryRequest {
    /// Of `org` at the server at `url`; an answer has at most so many bytes.
    pub(crate) fn new(url: &Url, org: &Word, answer_at_most: usize) -> Self {
        Self { target: url.target(QUERY, &[("org", org.as_str())]), answer_at_most }
    }

    /// To answer this query.
    pub(crate) fn of(&self, flux: String) -> Question {
        let headers = [(CONTENT_TYPE, "application/vnd.flux"), (ACCEPT, "application/csv")];
        Question {
            method: Method::POST,
            target: self.target.clone(),
            headers: headers.map(|(name, value)| (name, HeaderValue::from_static(value))).into(),
            body: Bytes::from(flux),
            answer_at_most: self.answer_at_most,
        }
    }

    /// Whether more would have come than was read.
    pub(crate) fn is_cut(&self, answer: &Answer) -> bool {
        answer.body.len() >= self.answer_at_most
    }
}

/// A text as Flux has it in its source, with nothing in it that would be understood: no end of it, and no `${expression}`.
pub(crate) fn literal(text: &str) -> String {
    let escaped = text.replace('\\', r"\\").replace('"', "\\\"").replace("${", r"\${");
    format!("\"{escaped}\"")
}

/// The server's words on why not, and what would help where that is known.
pub(crate) fn in_words(answer: &Answer) -> String {
    let remedy = match answer.status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => "; does the token allow to read the bucket?",
        StatusCode::NOT_FOUND => "; are the organisation and the bucket called like that there?",
        status if status.is_redirection() => "; the address must be where the server itself is",
        _ => "",
    };
    format!("{}{remedy}", answer.words())
}

/// Why an answer can't be used.
#[derive(Debug, Error)]
pub(crate) enum TableError {
    /// It isn't CSV.
    #[error(transparent)]
    Csv(#[from] csv::Error),
    /// Something went wrong while it was being answered.
    #[error("{0}")]
    Broken(String),
}

/// Hands out these columns of every row. What a table doesn't have is empty.
pub(crate) fn read_rows<const N: usize>(
    csv: &[u8],
    columns: [&str; N],
    mut each: impl FnMut([Cow<'_, str>; N]),
) -> Result<(), TableError> {
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(csv);
    let (mut record, mut places, mut is_broken) = (ByteRecord::new(), [None; N], false);
    while reader.read_byte_record(&mut record)? {
        let begins = |words: [&str; 2]| words.iter().zip(&record).all(|(word, cell)| word.as_bytes() == cell);
        if is_broken {
            let words = record.get(0).map(String::from_utf8_lossy).unwrap_or_default();
            return Err(TableError::Broken(one_line(&words)));
        } else if begins(["error", "reference"]) {
            is_broken = true;
        } else if begins(["", "result"]) {
            // A tag may be called as one of Flux's own columns, which stand in front.
            let place = |column: &str| record.iter().rposition(|name| name == column.as_bytes());
            places = columns.map(place);
        } else {
            let cell = |place: Option<usize>| place.and_then(|place| record.get(place));
            each(places.map(|place| cell(place).map(String::from_utf8_lossy).unwrap_or_default()));
        }
    }
    if is_broken { Err(TableError::Broken("an error without words".to_owned())) } else { Ok(()) }
}

/// As much of a server's words as fits a message.
fn one_line(words: &str) -> String {
    let plain = words.chars().map(|char| if char.is_control() { ' ' } else { char });
    plain.take(200).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::Response;

    fn rows(csv: &str) -> Result<Vec<[String; 2]>, TableError> {
        let mut rows = Vec::new();
        read_rows(csv.as_bytes(), ["_time", "router"], |row| rows.push(row.map(Cow::into_owned)))?;
        Ok(rows)
    }

    #[test]
    fn each_table_has_columns_of_its_own() {
        let csv = ",result,table,_time,router\r\n,_result,0,1,\"a,\nb\"\"\"\r\n,_result,0,2,\r\n\r\n\
            ,result,table,host,_time\r\n,_result,1,gw,3\r\n,_result,1\r\n";
        let told = [["1", "a,\nb\""], ["2", ""], ["3", ""], ["", ""]];
        assert_eq!(rows(csv).unwrap(), told.map(|row| row.map(str::to_owned)));
        assert!(rows("").unwrap().is_empty());
    }

    #[test]
    fn a_tag_may_be_called_as_a_column_of_fluxs_own() {
        let csv = ",result,table,_time,table\r\n,_result,0,1,mine\r\n";
        let mut told = Vec::new();
        read_rows(csv.as_bytes(), ["table"], |[table]| told.push(table.into_owned())).unwrap();
        assert_eq!(told, ["mine"]);
    }

    #[test]
    fn an_error_in_the_midst_is_one() {
        let csv = ",result,table,_time,router\r\n,_result,0,1,a\r\n\r\nerror,reference\r\n\"no\nmemory\u{1b}[31m\",897\r\n";
        assert_eq!(rows(csv).unwrap_err().to_string(), "no memory [31m");
        assert!(rows("error,reference\r\n").is_err());
    }

    #[test]
    fn nothing_in_a_literal_is_understood() {
        assert_eq!(literal(r#"a "b" \ ${c} $d"#), r#""a \"b\" \\ \${c} $d""#);
        // A backslash of the text's own leaves none to end the escape with.
        assert_eq!(literal(r#"\" |> drop()"#), r#""\\\" |> drop()""#);
        assert_eq!(literal(r"\${x}"), r#""\\\${x}""#);
    }

    #[test]
    fn a_query_is_asked_with_its_types() {
        let url = Url::try_from("http://nas:8086".to_owned()).unwrap();
        let request = QueryRequest::new(&url, &Word::try_from("my home".to_owned()).unwrap(), 3);
        let question = request.of("buckets()".to_owned());
        assert_eq!((question.method, &*question.target), (Method::POST, "/api/v2/query?org=my%20home"));
        assert_eq!((&*question.body, question.answer_at_most), (&b"buckets()"[..], 3));
        let answer = |status, body: &'static str| {
            Answer::new(&Response::builder().status(status).body(()).unwrap(), Bytes::from(body))
        };
        assert!(request.is_cut(&answer(200, "abc")) && !request.is_cut(&answer(200, "ab")));
        let told = in_words(&answer(401, r#"{"message":"unauthorized access"}"#));
        assert_eq!(told, "401 Unauthorized: unauthorized access; does the token allow to read the bucket?");
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_answered_is_read_or_refused(csv: Vec<u8>) {
            let _ = read_rows(&csv, ["_time", "router"], |_| {});
        }
    }
}
