//! How letters leave.

use crate::base::settings::{SecretText, settings};

settings! {
    /// How letters leave.
    "mail" Settings {
        /// The SMTP server's host name. Empty in development: letters then go to the mailbox page.
        smtp_host["smtp_host"]: String = String::new();
        /// The SMTP server's port: 465 for TLS from the start, 587 or 25 for STARTTLS.
        smtp_port["smtp_port"]: u32 = 465, 1 => 65_535;
        /// `tls` (from the start), `starttls` (required, never optional), or `none` (loopback only).
        smtp_security["smtp_security"]: String = "tls".to_owned();
        /// The user name, when the server wants one.
        smtp_username["smtp_username"]: Option<String> = None;
        /// The password that goes with it.
        smtp_password["smtp_password"]: SecretText = SecretText::default();
        /// A PEM file with the certificate authority of the server, when it is not a public one.
        smtp_ca["smtp_ca"]: Option<String> = None;
        /// Letters that tell the owner of an account of a login from a new device, a new password and a changed address.
        /// Turn them off only where another system tells the owner.
        notices["notices"]: bool = true;
        /// The sender, such as `Example <no-reply@example.com>`.
        from["from"]: String = "Doorward <no-reply@localhost>".to_owned();
    }
}
