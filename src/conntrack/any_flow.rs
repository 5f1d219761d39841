//! Flows for property tests: any that the kernel could show.

use std::net::IpAddr;

use proptest::option;
use proptest::prelude::*;

use super::flow::{Counters, Endpoint, Flags, Flow, Protocol, State, Tuple};

fn any_tuple(v6: bool) -> impl Strategy<Value = Tuple> {
    let address = move || {
        any::<(u32, u128)>().prop_map(
            move |(four, six)| {
                if v6 { IpAddr::V6(six.into()) } else { IpAddr::V4(four.into()) }
            },
        )
    };
    let endpoint = move || (address(), any::<u16>()).prop_map(|(address, port)| Endpoint { address, port });
    let counters = any::<(u64, u64)>().prop_map(|(packets, bytes)| Counters { packets, bytes });
    (endpoint(), endpoint(), option::of(counters)).prop_map(|(source, destination, counters)| Tuple {
        source,
        destination,
        counters,
    })
}

/// What the kernel could show. Offloaded entries have neither timeout nor state.
pub(crate) fn any_flow() -> impl Strategy<Value = Flow> {
    let flags = [Flags::default(), Flags::UNREPLIED, Flags::ASSURED, Flags::OFFLOAD, Flags::HW_OFFLOAD];
    let shown = option::of((any::<u32>(), prop::sample::select(&State::ALL[..10])));
    let tuples = any::<bool>().prop_flat_map(|v6| (any_tuple(v6), any_tuple(v6)));
    let number = prop_oneof![Just(6), Just(17), Just(1), Just(58), any::<u8>()];
    let rest = (number, prop::sample::select(flags.to_vec()), shown, any::<(u32, u16)>());
    (tuples, rest).prop_map(|((original, reply), (number, flags, shown, (mark, zone)))| {
        let (protocol, shown) = (Protocol(number), shown.filter(|_| !flags.offloaded()));
        Flow {
            protocol,
            state: State::of(protocol, shown.map(|(_, state)| state), flags),
            flags,
            timeout: shown.map(|(timeout, _)| timeout),
            mark,
            zone,
            original,
            reply,
        }
    })
}
