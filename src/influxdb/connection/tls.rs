//! TLS, by rustls: whom to trust, and the handshake.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::{Sender, begin};
use crate::influxdb::client::{ClientError, TlsError};
use crate::influxdb::config::FilePath;
use crate::influxdb::url::Url;
use crate::root::Root;

/// So long a file of certificates may be, in bytes: those of all the world have a quarter of that.
const CERTIFICATES_AT_MOST: u64 = 1 << 20;

/// Whom to trust; read when it is needed first.
#[derive(Clone, Debug)]
pub(in crate::influxdb) struct Tls {
    ca_file: Option<PathBuf>,
    config: Option<Arc<ClientConfig>>,
}

impl Tls {
    pub(in crate::influxdb) fn new(ca_file: &FilePath) -> Self {
        Self { ca_file: ca_file.0.as_ref().map(PathBuf::from), config: None }
    }

    pub(super) async fn open(&self, url: &Url, stream: TcpStream) -> Result<Sender, ClientError> {
        let config = self.config.clone().ok_or(TlsError::NoneTrusted)?;
        let name = ServerName::try_from(url.address().host().to_owned()).map_err(|_| TlsError::Name)?;
        let stream = TlsConnector::from(config).connect(name, stream).await;
        begin(stream.map_err(TlsError::Handshake)?).await
    }

    /// Reads below `root` whom to trust, unless that was read before.
    pub(in crate::influxdb) fn prepare(&mut self, root: &Root) -> Result<(), ClientError> {
        if self.config.is_none() {
            self.config = Some(Arc::new(self.read(root)?));
        }
        Ok(())
    }

    fn read(&self, root: &Root) -> Result<ClientConfig, TlsError> {
        let trusted = match &self.ca_file {
            Some(path) => {
                certificates(root, path).map_err(|why| TlsError::Certificates { path: path.clone(), why })?
            }
            None => of_the_system().ok_or(TlsError::NoneTrusted)?,
        };
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let builder = builder.with_safe_default_protocol_versions().map_err(TlsError::Setup)?;
        Ok(builder.with_root_certificates(trusted).with_no_client_auth())
    }
}

/// Those of a file, in PEM; or what is wrong with it.
fn certificates(root: &Root, path: &Path) -> Result<RootCertStore, String> {
    let text = root.read(path, CERTIFICATES_AT_MOST).map_err(|error| error.to_string())?;
    let mut trusted = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&text) {
        let certificate = certificate.map_err(|error| error.to_string())?;
        trusted.add(certificate).map_err(|error| error.to_string())?;
    }
    if trusted.is_empty() { Err("no certificate is in it".to_owned()) } else { Ok(trusted) }
}

/// Those that the system trusts, if any.
fn of_the_system() -> Option<RootCertStore> {
    let mut trusted = RootCertStore::empty();
    trusted.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    (!trusted.is_empty()).then_some(trusted)
}
