//! Installs what the tests need, and nothing that is there already.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use super::Options;
use crate::{Failure, Outcome, postgres, shell, tree};

/// What to do where something of this step is missing later on.
pub(super) const CURE: &str = "run `cargo xtask test --only provision`";

/// Something the tests need, the Debian packages that bring it, and how to see that it is there.
struct Need {
    what: &'static str,
    packages: &'static [&'static str],
    present: fn() -> bool,
}

/// Installs the Debian packages, the components of the Rust toolchain and the Node.js packages that are missing.
pub(super) fn run(_: &Options) -> Outcome {
    let missing: Vec<&Need> = NEEDS.iter().filter(|need| !(need.present)()).collect();
    if missing.is_empty() {
        println!("every program is there; apt is not asked");
    } else {
        install(&missing)?;
    }
    toolchain()?;
    node_is_new_enough()?;
    node_packages()
}

/// Returns the browser, under the name that this system gives it.
pub(super) fn chromium() -> Option<PathBuf> {
    ["chromium", "chromium-browser", "google-chrome"].iter().find_map(|name| shell::which(name))
}

fn install(missing: &[&Need]) -> Outcome {
    let whats = missing.iter().map(|need| need.what).collect::<Vec<_>>().join(", ");
    let packages: Vec<&str> = missing.iter().flat_map(|need| need.packages).copied().collect();
    println!("missing: {whats}");
    if shell::which("apt-get").is_none() {
        return Err(Failure::new(
            format!("missing: {whats}; this is no Debian, so nothing can be installed for you"),
            "install them with your package manager, then run this again",
        ));
    }
    let by_hand = format!("as root: apt-get update && apt-get install --no-install-recommends {}", packages.join(" "));
    let mut apt =
        as_root().ok_or_else(|| Failure::new(format!("missing: {whats}; installing needs root"), &by_hand))?;
    apt.args(["sh", "-c", APT, "provision"]).args(&packages);
    shell::run(&mut apt, &by_hand)?;
    match missing.iter().find(|need| !(need.present)()) {
        None => Ok(()),
        Some(need) => Err(Failure::new(format!("{} is still missing after apt-get", need.what), by_hand)),
    }
}

/// Installs the packages given as arguments. A bare Debian starts every daemon that it installs unless `policy-rc.d`
/// forbids it; a policy that was there before is left alone.
const APT: &str = "
set -eu
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
    trap 'rm -f $policy' EXIT
    trap 'exit 130' INT TERM
    printf '#!/bin/sh\\nexit 101\\n' >$policy
    chmod 755 $policy
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -q
apt-get install -q -y --no-install-recommends \"$@\"
";

/// Prepares a command that runs as root: directly, or through sudo if that needs no question or there is somebody to ask.
fn as_root() -> Option<Command> {
    if shell::is_root() {
        return Some(Command::new("env"));
    }
    let asks = std::io::stdin().is_terminal() && !shell::in_ci();
    let sudo = shell::which("sudo")?;
    let may = asks || shell::succeeds(Command::new(&sudo).args(["-n", "true"]));
    may.then(|| Command::new(sudo))
}

/// Adds rustfmt and clippy where a minimal toolchain lacks them.
fn toolchain() -> Outcome {
    for (subcommand, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        if !shell::succeeds(shell::cargo(subcommand).arg("--version")) {
            let cure = format!("install the component {component} of the Rust toolchain");
            shell::run(Command::new("rustup").args(["component", "add", component]), &cure)?;
        }
    }
    Ok(())
}

fn node_is_new_enough() -> Outcome {
    let version = shell::answer(Command::new("node").arg("--version")).unwrap_or_default();
    let major = version.trim_start_matches('v').split('.').next().and_then(|text| text.parse::<u32>().ok());
    if major.is_some_and(|major| major >= NODE) {
        return Ok(());
    }
    Err(Failure::new(
        format!("Node.js {NODE} or newer is needed, and this is `{version}`"),
        "install a newer one from nodejs.org or your distribution's backports (Debian 12 itself has 18 only)",
    ))
}

/// Installs the Node.js packages if the lock file changed since the last time.
fn node_packages() -> Outcome {
    let parts = tree::root().join("tests/parts");
    let changed = |path: &Path| path.metadata().and_then(|meta| meta.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
    if changed(&parts.join("node_modules/.package-lock.json")) > changed(&parts.join("package-lock.json")) {
        println!("tests/parts/node_modules is newer than its lock file; npm is not asked");
        return Ok(());
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(parts);
    shell::run(&mut npm, "check that the npm registry can be reached, then run this again")
}

/// Tells whether the text that makes glewlwyd's database is where the tests look for it.
fn has_glewlwyd_tables() -> bool {
    Path::new("/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3").is_file()
}

/// Tells whether the system's own Python, which is where packages put it, has PyJWT.
fn has_pyjwt() -> bool {
    let asked = Command::new("/usr/bin/python3").args(["-c", "import jwt, cryptography"]).output();
    asked.is_ok_and(|output| output.status.success())
}

/// Tells whether the screenshots would have letters: a browser on a bare system draws boxes.
fn has_fonts() -> bool {
    let debian = Path::new("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf").is_file();
    debian || (shell::which("apt-get").is_none() && Path::new("/usr/share/fonts").is_dir())
}

const NODE: u32 = 20;
const NEEDS: [Need; 11] = [
    Need {
        what: "a C compiler and make",
        packages: &["gcc", "libc6-dev", "make"],
        present: || shell::which("cc").is_some() && shell::which("make").is_some(),
    },
    Need { what: "OpenSSL's command line", packages: &["openssl"], present: || shell::which("openssl").is_some() },
    Need { what: "PostgreSQL", packages: &["postgresql"], present: || postgres::programs().is_some() },
    Need { what: "dnsmasq", packages: &["dnsmasq-base"], present: || shell::which("dnsmasq").is_some() },
    Need { what: "nginx", packages: &["nginx-light"], present: || shell::which("nginx").is_some() },
    Need { what: "Caddy", packages: &["caddy"], present: || shell::which("caddy").is_some() },
    Need {
        what: "glewlwyd, an OpenID provider, with SQLite",
        packages: &["glewlwyd", "dbconfig-sqlite3", "sqlite3"],
        present: || shell::which("glewlwyd").is_some() && shell::which("sqlite3").is_some() && has_glewlwyd_tables(),
    },
    Need { what: "Chromium", packages: &["chromium"], present: || chromium().is_some() },
    Need { what: "DejaVu fonts", packages: &["fonts-dejavu-core"], present: has_fonts },
    Need { what: "PyJWT", packages: &["python3-jwt", "python3-cryptography"], present: has_pyjwt },
    Need {
        what: "Node.js and npm",
        packages: &["nodejs", "npm"],
        present: || shell::which("node").is_some() && shell::which("npm").is_some(),
    },
];
