//! One connection to a server, in the clear or by TLS.

#[cfg(not(feature = "tls"))]
#[path = "connection/no_tls.rs"]
mod tls;
#[cfg(feature = "tls")]
mod tls;

use std::io;
use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::client::ClientError;
use super::url::{Scheme, Url};

pub(super) use tls::Tls;

/// No answer of ours has larger headers.
const HEADERS_AT_MOST: usize = 64 << 10;

/// Where requests are sent.
pub(super) type Sender = SendRequest<Full<Bytes>>;

/// Opens a connection to `address`, which is where `url` leads.
pub(super) async fn open(url: &Url, address: SocketAddr, tls: &Tls) -> Result<Sender, ClientError> {
    let failed = |source: io::Error| ClientError::Connect { address, source };
    let stream = TcpStream::connect(address).await.map_err(failed)?;
    stream.set_nodelay(true).map_err(failed)?;
    match url.scheme() {
        Scheme::Http => begin(stream).await,
        Scheme::Https => tls.open(url, stream).await,
    }
}

async fn begin<S>(stream: S) -> Result<Sender, ClientError>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let mut builder = Builder::new();
    builder.max_buf_size(HEADERS_AT_MOST);
    let (sender, connection) = builder.handshake(TokioIo::new(stream)).await?;
    // It ends with its sender; what goes wrong is told to whoever has sent.
    tokio::spawn(async move {
        let _ = connection.await;
    });
    Ok(sender)
}
