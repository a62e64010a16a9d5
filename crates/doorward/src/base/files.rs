//! Files that hold something secret.

use std::{fs, io, path::Path};

/// Creates a file that only its owner may read; fails when it exists.
pub(crate) fn create_private(path: &Path) -> io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Returns the mode of a file with a secret in it when somebody may read or change it who need not.
///
/// That is everybody but its owner. One exception: a file of another user than this process's may be read by its group,
/// because that is how a package or a Kubernetes volume hands it over (root's, mode 0640 or 0440); `chmod 600` would take
/// it away from this process. A file of one's own needs no group.
#[cfg(unix)]
pub fn exposed_mode(path: &Path) -> io::Result<Option<u32>> {
    use std::os::unix::fs::MetadataExt;
    let file = fs::metadata(path)?;
    let ours = file.uid() == rustix::process::geteuid().as_raw();
    Ok(is_exposed(file.mode(), ours).then_some(file.mode() & 0o7777))
}

/// Elsewhere a mode says nothing.
#[cfg(not(unix))]
pub fn exposed_mode(_: &Path) -> io::Result<Option<u32>> {
    Ok(None)
}

/// Takes from everybody but its owner what they may do with a file of ours that is there already; whether they could.
///
/// Not the group of a file that is somebody else's, see [`exposed_mode`].
pub(crate) fn make_private(path: &Path) -> io::Result<bool> {
    let Some(mode) = exposed_mode(path)? else { return Ok(false) };
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode & !0o077))?;
    tracing::warn!(path = %path.display(), mode = format!("{mode:04o}"), "others could read this file; its owner alone may now");
    Ok(true)
}

#[cfg(unix)]
fn is_exposed(mode: u32, ours: bool) -> bool {
    let allowed = if ours { 0o700 } else { 0o740 };
    mode & 0o777 & !allowed != 0
}

#[cfg(all(test, unix))]
mod tests {
    use super::is_exposed;

    /// Promise: `keyfile/owner-only`
    #[test]
    fn only_somebody_elses_file_may_be_read_by_its_group() {
        for (mode, ours, exposed) in [
            (0o600, true, false),
            (0o400, true, false),
            (0o440, true, true),
            (0o440, false, false),
            (0o640, false, false),
            (0o660, false, true),
            (0o444, false, true),
            (0o604, false, true),
            (0o602, true, true),
            (0o100_644, true, true),
        ] {
            assert_eq!(is_exposed(mode, ours), exposed, "{mode:o} {ours}");
        }
    }
}
