use std::{
    fs,
    net::{Ipv6Addr, TcpListener, TcpStream},
    os::unix::fs::PermissionsExt,
};

use crate::support::{Site, doorward, finish, until};

/// Promise: `server/dev-needs-nothing`
#[test]
fn dev_starts_without_configuration_and_says_where_to_click() {
    let site = Site::dev(&[]);
    let answer = site.visitor().get("/healthz");
    assert_eq!((answer.status, answer.body.as_str()), (200, "ok\n"));
    assert_eq!(site.visitor().get("/readyz").status, 200);
    let said = site.stdout().join("\n");
    for path in ["/auth/signup", "/auth/account", "/auth/dev/mailbox"] {
        assert!(said.contains(&format!("http://localhost:{}{path}", site.port)), "{said}");
    }
    assert!(said.contains("Ctrl-C") && said.contains("data"), "{said}");
}

/// Promise: `server/dev-needs-nothing`
#[test]
fn dev_listens_on_this_machine_only() {
    let site = Site::dev(&[]);
    // Whoever listens on all addresses has this one too, and then nobody else can.
    TcpListener::bind(("127.0.0.2", site.port)).unwrap();
    if TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok() {
        TcpStream::connect((Ipv6Addr::LOCALHOST, site.port)).unwrap();
    }
}

/// Promise: `server/dev-files-private`
#[test]
fn what_dev_writes_is_for_its_owner_only() {
    let site = Site::dev(&[]);
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&site.data()), 0o700);
    assert_eq!(mode(&site.data().join("keys")), 0o600);
    assert_eq!(mode(&site.data().join("mailbox")), 0o700);
}

#[test]
fn a_taken_port_is_named_with_the_way_out() {
    let site = Site::dev(&[]);
    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("other");
    let said = finish(doorward(&["dev", "--port", &site.port.to_string(), "--folder", other.to_str().unwrap()]), "");
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.stderr.contains(&format!("port {} is taken", site.port)), "{said:?}");
    assert!(said.stderr.contains("doorward dev --port"), "{said:?}");
    assert!(!other.exists(), "nothing is made before the port is ours");
}

#[test]
fn a_folder_with_other_things_in_it_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("thesis.txt"), "mine").unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let said = finish(doorward(&["dev", "--port", "0", "--folder", folder.path().to_str().unwrap()]), "");
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.stderr.contains("has other things in it"), "{said:?}");
    assert_eq!(fs::metadata(folder.path()).unwrap().permissions().mode() & 0o777, 0o755);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn the_keys_and_the_sessions_outlive_a_restart() {
    let mut site = Site::dev(&[]);
    let mut ann = site.logged_in("ann@example.com");
    assert_eq!(site.stop(), Some(0));
    site.start(&["dev", "--port", &site.port.to_string()]);
    assert!(ann.is_in());
}

#[test]
fn without_a_command_it_is_dev() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = doorward(&[]);
    command.current_dir(folder.path()).stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    // Somebody may have the port: then it says so, as `doorward dev` does.
    until("it starts or ends", || folder.path().join(".doorward/keys").exists() || child.try_wait().unwrap().is_some());
    let _ = child.kill();
    let said = child.wait_with_output().unwrap();
    let taken = String::from_utf8(said.stderr).unwrap().contains("port 4400 is taken");
    assert!(folder.path().join(".doorward/keys").exists() || taken);
}
