//! The stylesheets and the logo. Their addresses change with their content, so browsers keep them.

use crate::{
    base::render::STYLE,
    guard::{NoInput, Public, Refused, Reply, Routes},
};

pub(crate) fn routes(routes: &mut Routes) {
    routes.get("/assets/style.css", style, "The stylesheet of every page.");
    routes.get("/assets/theme.css", theme, "The colours of this site.");
    routes.get("/assets/logo", logo, "The logo of this site, or a door.");
}

async fn style(_: Public, _: NoInput) -> Result<Reply, Refused> {
    Ok(Reply::asset("text/css; charset=utf-8", STYLE.as_bytes().to_vec()))
}

async fn theme(visitor: Public, _: NoInput) -> Result<Reply, Refused> {
    Ok(Reply::asset("text/css; charset=utf-8", visitor.cx().site.theme.css.clone().into_bytes()))
}

async fn logo(visitor: Public, _: NoInput) -> Result<Reply, Refused> {
    let icon = &visitor.cx().site.theme.icon;
    Ok(Reply::asset(icon.media_type, icon.bytes.clone()))
}
