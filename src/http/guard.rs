//! Who is answered: by where a connection comes from, and by what a request is meant for.

use std::net::IpAddr;

use axum::http::uri::Authority;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use ipnet::IpNet;

use super::config::{HostName, HttpConfig};
use super::permission::audience;
use super::response::Refusal;
use crate::lan::Lan;

/// The longest request target, in bytes.
const TARGET_AT_MOST: usize = 2048;

/// The two ends of a connection, IPv4 as such even where IPv6 carries it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ends {
    /// Who asks.
    pub(super) peer: IpAddr,
    /// Which address of the router is asked.
    pub(super) local: IpAddr,
}

/// Who may look, and what the router is called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Guard {
    allowed: Vec<IpNet>,
    router: Vec<IpAddr>,
    names: Vec<HostName>,
}

impl Guard {
    /// What `config` says of a router with this LAN.
    pub(super) fn new(config: &HttpConfig, lan: &Lan) -> Self {
        Self {
            allowed: audience(config, lan),
            router: lan.router_addresses().to_vec(),
            names: config.names.clone(),
        }
    }

    /// Whether `peer` is heard at all. What has a loopback address is on the router itself.
    pub(super) fn admits(&self, peer: IpAddr) -> bool {
        peer.is_loopback() || self.allowed.iter().any(|net| net.contains(&peer))
    }

    /// Why a request is not answered; `None` if it is.
    pub(super) fn refuses(&self, request: &Request<'_>, ends: Ends) -> Option<Refusal> {
        let refusal = |status, why| Some(Refusal { status, why });
        if let Err((status, why)) = self.is_meant_for_us(request, ends) {
            return refusal(status, why);
        }
        if request.method != Method::GET && request.method != Method::HEAD {
            return refusal(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD are answered");
        }
        if request.uri.path_and_query().is_some_and(|target| target.as_str().len() > TARGET_AT_MOST) {
            return refusal(StatusCode::URI_TOO_LONG, "the address of the page is too long");
        }
        if request.has_body {
            return refusal(StatusCode::BAD_REQUEST, "a request has no body here");
        }
        None
    }

    /// A browser that was led here by a foreign name (DNS rebinding) shows that name: the page behind it would read the answers.
    fn is_meant_for_us(&self, request: &Request<'_>, ends: Ends) -> Result<(), (StatusCode, &'static str)> {
        let mut hosts = request.headers.get_all(header::HOST).iter();
        let (host, another) = (hosts.next(), hosts.next());
        let (Some(host), None) = (host, another) else {
            return Err((StatusCode::BAD_REQUEST, "one Host header is needed"));
        };
        let host = Authority::try_from(host.as_bytes());
        let is_ours = host.is_ok_and(|host| self.is_ours(&host, ends));
        // Whoever takes this for a proxy names the host in the target, which goes before the header (RFC 9112, section 3.2.2).
        let is_meant = request.uri.authority().is_none_or(|target| self.is_ours(target, ends));
        if is_ours && is_meant {
            return Ok(());
        }
        Err((
            StatusCode::MISDIRECTED_REQUEST,
            "this router is not called so: call it by its address, or see http.names",
        ))
    }

    fn is_ours(&self, authority: &Authority, ends: Ends) -> bool {
        if authority.as_str().contains('@') {
            return false;
        }
        let host = authority.host();
        let literal = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        if let Ok(address) = literal.parse::<IpAddr>() {
            let address = address.to_canonical();
            // Whatever the router itself calls a loopback address is the router.
            if address.is_loopback() {
                return ends.peer.is_loopback();
            }
            return address == ends.local || self.router.contains(&address);
        }
        // One dot at the end is the DNS's root.
        let host = host.strip_suffix('.').unwrap_or(host);
        let is_called = |name: &HostName| name.as_str().eq_ignore_ascii_case(host);
        (host.eq_ignore_ascii_case("localhost") && ends.peer.is_loopback())
            || self.names.iter().any(is_called)
    }
}

/// What is looked at of a request before it is answered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request<'a> {
    pub(super) method: &'a Method,
    pub(super) uri: &'a Uri,
    pub(super) headers: &'a HeaderMap,
    pub(super) has_body: bool,
}

#[cfg(test)]
mod tests;
