//! What a server answers, and where it is: whatever that says, what is told of it is one line without control characters, and
//! an address that is understood is written and understood again.

#![no_main]

use conntrack_exporter::influxdb::answer::Answer;
use conntrack_exporter::influxdb::url::Url;
use hyper::Response;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let answer = Answer::new(&Response::new(()), bytes.to_vec().into());
    let words = answer.words();
    assert!(!words.chars().any(char::is_control) && words.chars().count() < 250, "{words:?}");
    let Ok(text) = str::from_utf8(bytes) else { return };
    let Ok(url) = Url::try_from(text.to_owned()) else { return };
    let written = url.to_string();
    assert_eq!(Url::try_from(written.clone()).ok(), Some(url.clone()), "{written}");
    assert!(
        url.target("/api/v2/write", &[("org", text)]).bytes().all(|byte| byte.is_ascii_graphic()),
        "{written}"
    );
});
