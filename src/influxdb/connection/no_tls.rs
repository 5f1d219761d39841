//! A program without TLS.

use tokio::net::TcpStream;

use super::{Sender, begin};
use crate::influxdb::client::ClientError;
use crate::influxdb::config::FilePath;
use crate::influxdb::url::Url;
use crate::root::Root;

/// No address needs it in this build: `https://` is refused where it is read.
#[derive(Clone, Debug)]
pub(in crate::influxdb) struct Tls;

impl Tls {
    pub(in crate::influxdb) const fn new(_: &FilePath) -> Self {
        Self
    }

    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "the other one has something to read")]
    pub(in crate::influxdb) const fn prepare(&mut self, _: &Root) -> Result<(), ClientError> {
        Ok(())
    }

    pub(super) async fn open(&self, _: &Url, stream: TcpStream) -> Result<Sender, ClientError> {
        begin(stream).await
    }
}
