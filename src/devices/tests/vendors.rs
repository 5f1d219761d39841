//! Names by the maker of the network interface.

use super::*;

#[test]
fn a_pipe_is_no_file_of_vendors() {
    let files = Files::new("pipe");
    files.write("/one", "1 24:0a:c4:00:00:01 192.168.8.2 * *\n");
    let made = std::process::Command::new("mkfifo").arg(Root::replay(&*files.0).path("/oui")).status();
    assert!(made.unwrap().success());
    let mut devices = files.devices();
    devices.refresh(&lan(), HOUR);
    assert_eq!(name(&devices, 2), "24:0a:c4:00:00:01");
}

#[test]
fn a_vendor_that_is_asked_first_goes_before_leases() {
    let files = Files::new("vendor-first");
    files.write("/one", "1 24:0a:c4:00:00:01 192.168.8.2 plug *\n");
    files.write("/oui", "240AC4 Espressif\n");
    let mut devices = files.devices();
    devices.reconfigure(Settings {
        names: vec![NameSource::Vendor, NameSource::Lease],
        ..devices.settings.clone()
    });
    devices.refresh(&lan(), HOUR);
    assert_eq!(name(&devices, 2), "Espressif-000001");
}

#[test]
fn vendors_name_what_nobody_else_does() {
    let files = Files::new("vendors");
    files.write("/oui", "286FB9 Nokia Shanghai Bell Co., Ltd.\n240AC4 Espressif\n");
    let lease = |mac: &str, last: u8, name: &str| format!("1 {mac} 192.168.8.{last} {name} *\n");
    let text = [
        lease("24:0a:c4:00:00:01", 2, "*"),
        lease("24:0a:c4:00:00:02", 3, "plug"),
        lease("26:0a:c4:00:00:03", 4, "*"),
        lease("28:6f:b9:a1:b2:c3", 5, "*"),
        lease("02:00:00:a1:b2:c3", 6, "tv"),
    ];
    files.write("/one", &text.concat());
    let mut devices = files.devices();
    devices.refresh(&lan(), HOUR);
    let names = [2, 3, 4, 5].map(|last| name(&devices, last));
    assert_eq!(names, ["Espressif-000001", "plug", "26:0a:c4:00:00:03", "Nokia-a1b2c3"]);
}
