//! The site that the pages belong to: its public address, its name and its colours.

use std::path::Path;

use url::Url;

use crate::{
    base::{
        render::{Frame, STYLE, version_of},
        settings::{SettingsError, settings},
    },
    guard::{CookieNames, Origin, TrustedProxies},
};

settings! {
    /// The site that people see.
    "site" Settings {
        /// The address under which browsers reach this service, scheme and host only, for example `https://id.example.com`. Links in
        /// letters, the origin check and the cookie's protection follow from it, never from a request's headers.
        public_url["public_url"]: String = "http://localhost:4400".to_owned();
        /// The name that pages and letters show.
        name["name"]: String = "Doorward".to_owned();
        /// A PNG, SVG, JPEG or WebP file to show beside the name.
        logo["logo"]: Option<String> = None;
        /// The colour of buttons and links, as `#rrggbb`.
        accent["accent"]: Option<String> = None;
        /// The colour of text on buttons, as `#rrggbb`.
        accent_text["accent_text"]: Option<String> = None;
        /// The colour of buttons and links in the dark, as `#rrggbb`.
        accent_dark["accent_dark"]: Option<String> = None;
        /// The colour of text on buttons in the dark, as `#rrggbb`.
        accent_text_dark["accent_text_dark"]: Option<String> = None;
        /// Addresses or networks (`10.0.0.0/8`) of the reverse proxies whose `X-Forwarded-For` is believed. Empty: nobody's.
        trusted_proxies["trusted_proxies"]: Vec<String> = Vec::new();
    }
}

/// What follows from the site's settings, worked out once.
pub(crate) struct Site {
    pub(crate) name: String,
    pub(crate) public_url: String,
    pub(crate) origin: Origin,
    pub(crate) https: bool,
    pub(crate) base: &'static str,
    pub(crate) proxies: TrustedProxies,
    pub(crate) theme: Theme,
    pub(crate) dev: bool,
    style_path: String,
    theme_path: String,
    icon_path: String,
}

/// The colours and the logo that the settings give.
pub(crate) struct Theme {
    pub(crate) css: String,
    /// The operator's picture, or the door that a tab shows without one.
    pub(crate) icon: Icon,
    has_logo: bool,
}

/// A picture and its media type.
pub(crate) struct Icon {
    pub(crate) media_type: &'static str,
    pub(crate) bytes: Vec<u8>,
}

/// Where all routes live.
const BASE: &str = "/auth";

impl Site {
    /// Checks the settings; `dev` allows plain http, on this machine only.
    pub(crate) fn new(settings: &Settings, dev: bool) -> Result<Self, SettingsError> {
        let url = public_url(&settings.public_url)?;
        let origin = Origin::of(&url).expect("the scheme was checked");
        let https = url.scheme() == "https";
        if !https && !is_local(&url) {
            let cure = "Use https, or http with localhost while developing.";
            return Err(error("public_url", "plain http would send the session cookie in the clear", cure));
        }
        let theme = Theme::new(settings)?;
        let proxies = TrustedProxies::parse(&settings.trusted_proxies).map_err(|entry| {
            error(
                "trusted_proxies",
                &format!("`{entry}` is no address and no network"),
                "Write 127.0.0.1 or 10.0.0.0/8.",
            )
        })?;
        Ok(Self {
            name: settings.name.clone(),
            public_url: origin.as_str().to_owned(),
            https,
            base: BASE,
            proxies,
            dev,
            style_path: format!("{BASE}/assets/style.css?v={}", version_of(STYLE)),
            theme_path: format!("{BASE}/assets/theme.css?v={}", version_of(&theme.css)),
            icon_path: format!("{BASE}/assets/logo?v={}", version_of(&theme.icon.bytes)),
            origin,
            theme,
        })
    }

    /// The cookie names that a browser honours for this site.
    pub(crate) fn cookies(&self) -> CookieNames {
        if self.https { CookieNames::HOST } else { CookieNames::DEV }
    }

    /// An absolute link into this site, for a letter.
    pub(crate) fn link(&self, path: &str, token: String) -> String {
        format!("{}{BASE}{path}?token={token}", self.public_url)
    }

    /// The name under which we issue tokens (RFC 8414 section 2): the address below which all of this is.
    pub(crate) fn issuer(&self) -> String {
        format!("{}{}", self.public_url, self.base)
    }

    /// The absolute address of a page, for a letter.
    pub(crate) fn page(&self, path: &str) -> String {
        format!("{}{BASE}{path}", self.public_url)
    }

    /// The frame of a page that knows nothing of its visitor yet.
    pub(crate) fn frame(&self, password_least: u32) -> Frame {
        Frame {
            service: self.name.clone(),
            logo: self.theme.has_logo.then(|| self.icon_path.clone()),
            icon: self.icon_path.clone(),
            base: BASE,
            style: self.style_path.clone(),
            theme: self.theme_path.clone(),
            csrf: String::new(),
            signed_in: false,
            dev: self.dev,
            notice: None,
            return_to: String::new(),
            password_least,
        }
    }
}

impl Theme {
    fn new(settings: &Settings) -> Result<Self, SettingsError> {
        let colours = [
            ("accent", "accent", &settings.accent),
            ("accent_text", "accent-text", &settings.accent_text),
            ("accent_dark", "accent-dark", &settings.accent_dark),
            ("accent_text_dark", "accent-dark-text", &settings.accent_text_dark),
        ];
        let css = format!(":root {{{}}}\n", declarations(&colours)?);
        let logo = settings.logo.as_deref().map(read_logo).transpose()?;
        let has_logo = logo.is_some();
        let icon = logo.unwrap_or_else(|| door(settings.accent.as_deref().unwrap_or(ACCENT)));
        Ok(Self { css, icon, has_logo })
    }
}

/// The ornament of the house in the site's colour: a page without an icon makes browsers ask for one that is not there.
fn door(accent: &str) -> Icon {
    Icon { media_type: "image/svg+xml", bytes: include_str!("door.svg").replace(ACCENT, accent).into_bytes() }
}

/// The accent colour of `door.svg`, and of the stylesheet where no other is set.
const ACCENT: &str = "#0d5c75";

fn declarations(colours: &[(&str, &str, &Option<String>)]) -> Result<String, SettingsError> {
    let mut css = String::new();
    for (key, property, colour) in colours {
        let Some(colour) = colour else { continue };
        let plain = colour.len() == 7 && colour.starts_with('#') && colour[1..].bytes().all(|b| b.is_ascii_hexdigit());
        if !plain {
            return Err(error(key, "it must be a colour such as #2f6f4f", "Write six hexadecimal digits after a #."));
        }
        css += &format!(" --{property}: {colour}; ");
    }
    Ok(css)
}

fn read_logo(path: &str) -> Result<Icon, SettingsError> {
    let media_type = match Path::new(path).extension().and_then(|extension| extension.to_str()) {
        Some("png") => "image/png",
        Some("svg") => "image/svg+xml",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("webp") => "image/webp",
        _ => return Err(error("logo", "it is no image that we know", "Use a .png, .svg, .jpg or .webp file.")),
    };
    let bytes = std::fs::read(path)
        .map_err(|cause| error("logo", &format!("cannot read {path}: {cause}"), "Correct the path."))?;
    Ok(Icon { media_type, bytes })
}

fn public_url(text: &str) -> Result<Url, SettingsError> {
    let cure = "Write scheme and host, for example https://id.example.com.";
    let url = Url::parse(text).map_err(|_| error("public_url", "it is not a URL", cure))?;
    let bare = matches!(url.path(), "" | "/")
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    let web = matches!(url.scheme(), "http" | "https") && url.host_str().is_some();
    if web && bare { Ok(url) } else { Err(error("public_url", "it has more or less than scheme, host and port", cure)) }
}

fn is_local(url: &Url) -> bool {
    matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"))
}

fn error(key: &str, problem: &str, cure: &str) -> SettingsError {
    SettingsError { key: format!("site.{key}"), problem: problem.to_owned(), cure: cure.to_owned() }
}
