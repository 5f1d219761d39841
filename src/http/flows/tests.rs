use super::*;
use crate::flow_list::fixture::flow;

fn flows(count: usize, left_out: u64) -> Arc<ListedFlows> {
    let device = |number: usize| if number.is_multiple_of(2) { "tv" } else { "nas \"2\"" };
    let flows =
        (0..count).map(|number| flow(device(number), "192.168.8.2:40000", "198.51.100.7:443")).collect();
    Arc::new(ListedFlows { flows, left_out })
}

fn selection(device: Option<&str>, filter: &str, limit: Option<usize>) -> Result<Selection, QueryError> {
    Query { device: device.map(Into::into), filter: Some(filter.to_owned()), limit }.try_into()
}

/// The frames, and the whole of them as JSON.
fn read(flows: Arc<ListedFlows>, selection: Selection) -> (Vec<usize>, serde_json::Value) {
    let mut body = body(flows, selection);
    let (mut text, mut frames) = (Vec::new(), Vec::new());
    let mut context = Context::from_waker(std::task::Waker::noop());
    loop {
        match Pin::new(&mut body).poll_frame(&mut context) {
            Poll::Ready(Some(frame)) => {
                let data = frame.unwrap().into_data().unwrap();
                frames.push(data.len());
                text.extend_from_slice(&data);
            }
            Poll::Ready(None) => break (frames, serde_json::from_slice(&text).unwrap()),
            Poll::Pending => frames.push(0),
        }
    }
}

#[test]
fn those_that_were_asked_for_and_how_many_more_there_are() {
    let of = |device, filter: &str, limit| {
        let (_, value) = read(flows(11, 5), selection(device, filter, limit).unwrap());
        (value["flows"].as_array().unwrap().len(), value["left_out"].as_u64().unwrap())
    };
    assert_eq!(of(None, "", None), (11, 5));
    assert_eq!(of(Some("tv"), "", None), (6, 5));
    assert_eq!(of(Some("nas \"2\""), "port=443", Some(2)), (2, 8));
    assert_eq!(of(Some("TV"), "", None), (0, 5), "names are exact");
    assert_eq!(of(None, "port=80", None), (0, 5));
    assert_eq!(of(None, "", Some(0)), (0, 16));
    let (_, value) = read(Arc::default(), selection(None, "", None).unwrap());
    assert_eq!(value, serde_json::json!({"flows": [], "left_out": 0}));
}

#[test]
fn it_is_written_piece_by_piece_and_others_have_their_turn() {
    let (frames, value) = read(flows(5_000, 0), selection(None, "", Some(FLOWS_AT_MOST)).unwrap());
    assert_eq!(value["flows"].as_array().unwrap().len(), 5_000);
    assert!(frames.iter().all(|frame| *frame < FRAME + 1024), "{frames:?}");
    let (frames, _) = read(flows(5_000, 0), selection(Some("nobody"), "", None).unwrap());
    assert_eq!(frames.iter().filter(|frame| **frame == 0).count(), 3, "{frames:?}");
}

#[test]
fn a_query_that_is_none_is_told_without_a_word_of_it() {
    for (filter, limit) in
        [("colour=red", None), ("\"", None), ("rx=lots", None), ("device>3", None), ("", Some(16_385))]
    {
        let error = selection(None, filter, limit).unwrap_err();
        assert!(!["colour", "red", "lots"].iter().any(|word| error.0.contains(word)), "{filter}: {error:?}");
    }
    let keys = crate::flow_list::filter::KEYS.split(", ");
    let told = selection(None, "colour=red", None).unwrap_err().0;
    assert!(keys.clone().all(|key| told.contains(key)), "{told}");
    assert_eq!(selection(None, "", None).unwrap().limit, USUAL_LIMIT);
}
