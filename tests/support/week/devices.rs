//! Who lives there. Names are as the daemon lets them through: it leaves no backslash in one.

/// A device, or one of the two owners that are none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Device {
    /// What it is called.
    pub(crate) name: &'static str,
    /// Its type in the registry; `None` of `router` and `other`.
    pub(crate) kind: Option<&'static str>,
    /// Its address; empty of `router` and `other`.
    pub(crate) ip: &'static str,
    /// Its MAC; empty of `router` and `other`.
    pub(crate) mac: &'static str,
    /// Who gave the name.
    pub(crate) named_by: &'static str,
}

const fn device(
    name: &'static str,
    kind: &'static str,
    ip: &'static str,
    mac: &'static str,
    named_by: &'static str,
) -> Device {
    Device { name, kind: Some(kind), ip, mac, named_by }
}

const fn owner(name: &'static str) -> Device {
    Device { name, kind: None, ip: "", mac: "", named_by: "" }
}

/// All of them. The one that comes last of the devices arrives in the course of the week.
pub(crate) const DEVICES: [Device; 25] = [
    device("tv", "streaming", "192.168.8.20", "02:4a:10:00:00:20", "registry"),
    device("kids tablet", "mobile", "192.168.8.21", "02:4a:10:00:00:21", "registry"),
    device("phone, the \"old\" one", "mobile", "192.168.8.22", "02:4a:10:00:00:22", "registry"),
    device("camera", "iot", "192.168.8.23", "02:4a:10:00:00:23", "registry"),
    device("nas", "unknown", "192.168.8.24", "02:4a:10:00:00:24", "static"),
    device("laptop-anna", "workstation", "192.168.8.25", "02:4a:10:00:00:25", "registry"),
    device("laptop, guest=1", "unknown", "192.168.8.26", "02:4a:10:00:00:26", "lease"),
    device("printer", "iot", "192.168.8.27", "02:4a:10:00:00:27", "lease"),
    device("console", "streaming", "192.168.8.28", "02:4a:10:00:00:28", "registry"),
    device("Küchenradio", "streaming", "192.168.8.29", "02:4a:10:00:00:29", "registry"),
    device("phone-anna", "mobile", "192.168.8.30", "02:4a:10:00:00:30", "registry"),
    device("phone-ben", "mobile", "192.168.8.31", "02:4a:10:00:00:31", "registry"),
    device("desktop-ben", "workstation", "192.168.8.32", "02:4a:10:00:00:32", "registry"),
    device("thermostat", "iot", "192.168.8.33", "02:4a:10:00:00:33", "registry"),
    device("plug-washer", "iot", "192.168.8.34", "02:4a:10:00:00:34", "registry"),
    device("bulb-hall", "iot", "192.168.8.35", "02:4a:10:00:00:35", "registry"),
    device("doorbell", "iot", "192.168.8.36", "02:4a:10:00:00:36", "registry"),
    device("vacuum", "iot", "192.168.8.37", "02:4a:10:00:00:37", "lease"),
    device("e-reader", "mobile", "192.168.8.38", "02:4a:10:00:00:38", "lease"),
    device("watch-ben", "mobile", "192.168.8.39", "02:4a:10:00:00:39", "lease"),
    device("access-point", "network", "192.168.8.2", "02:4a:10:00:00:02", "static"),
    device("solar inverter", "iot", "192.168.8.40", "02:4a:10:00:00:40", "hosts"),
    device("android-7f3a", "unknown", "192.168.8.41", "7e:3a:10:00:00:41", "lease"),
    owner("router"),
    owner("other"),
];
