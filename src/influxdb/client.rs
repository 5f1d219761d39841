//! A client of one server: it has one connection, which it keeps for the next request.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, HOST, HeaderName, HeaderValue, USER_AGENT};
use hyper::{Method, Request, Response};
use thiserror::Error;
use tokio::time::{sleep, timeout};

use super::answer::Answer;
use super::config::InfluxdbConfig;
use super::connection::{self, Sender, Tls};
use super::token::{Token, TokenError};
use super::url::{Scheme, Url};
use crate::lookup::{Lookup, RESOLVING_AT_MOST, literal};
use crate::root::Root;

/// How long one address may take to answer at all.
const CONNECTING_AT_MOST: Duration = Duration::from_secs(5);
/// How long a request may take, from the name to the last byte of the answer.
pub const ANSWERING_AT_MOST: Duration = Duration::from_secs(15);
/// How often it is looked whether a name is resolved.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// What is asked.
#[derive(Clone, Debug)]
pub struct Question {
    /// How.
    pub method: Method,
    /// What, behind the server's address.
    pub target: String,
    /// What else the server is told.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// What is sent.
    pub body: Bytes,
    /// So many bytes of the answer are read.
    pub answer_at_most: usize,
}

/// Why there is no answer.
#[derive(Debug, Error)]
pub enum ClientError {
    /// The server's name has no address.
    #[error("{host} is not resolved: {why}")]
    Resolve {
        /// The name.
        host: String,
        /// Why.
        why: String,
    },
    /// There is no way there, or nobody listens.
    #[error("{address}: {source}")]
    Connect {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The token can't be read.
    #[error("the token in {}: {why}", path.display())]
    Token {
        /// Where it should be.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// TLS could not be agreed upon.
    #[cfg(feature = "tls")]
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// What was answered is no HTTP, or was broken off.
    #[error("{}", in_words(.0))]
    Http(#[from] hyper::Error),
    /// It took too long.
    #[error("no answer within {} s", ANSWERING_AT_MOST.as_secs())]
    Late,
}

/// What went wrong with TLS.
#[cfg(feature = "tls")]
#[derive(Debug, Error)]
pub enum TlsError {
    /// The certificates that are trusted can't be read.
    #[error("{}: {why}", path.display())]
    Certificates {
        /// Where they should be.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// There are none.
    #[error(
        "no certificates that are trusted: install ca-certificates (OpenWrt: ca-bundle), or set influxdb.ca_file"
    )]
    NoneTrusted,
    /// No certificate can be for this host.
    #[error("no certificate can be for this host")]
    Name,
    /// The server's certificate is not trusted, or it speaks another TLS.
    #[error("TLS: {0}")]
    Handshake(#[source] io::Error),
    /// This program's own settings.
    #[error("TLS: {0}")]
    Setup(#[source] tokio_rustls::rustls::Error),
}

/// hyper's words, and those of what led to it.
fn in_words(error: &hyper::Error) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

/// A client of one server.
#[derive(Debug)]
pub struct Client {
    url: Url,
    token_file: Option<PathBuf>,
    token: Option<Token>,
    tls: Tls,
    /// A name that is being resolved. There is never more than one, for each holds a thread.
    lookup: Option<Lookup>,
    connection: Option<Sender>,
}

impl Client {
    /// A client of the server of `config`, if there is one.
    pub fn new(config: &InfluxdbConfig) -> Option<Self> {
        Some(Self {
            url: config.url.0.clone()?,
            token_file: config.token_file.0.as_ref().map(PathBuf::from),
            token: None,
            tls: Tls::new(&config.ca_file),
            lookup: None,
            connection: None,
        })
    }

    /// The server.
    pub const fn url(&self) -> &Url {
        &self.url
    }

    /// Takes a new connection for the next request: the router's addresses have changed.
    pub fn renew(&mut self) {
        self.connection = None;
    }

    /// Has the token read again for the next request: it may have been mended.
    pub fn forget_token(&mut self) {
        self.token = None;
    }

    /// These words of a server's, without the token, should it be among them.
    pub fn without_token(&self, words: &str) -> String {
        self.token.as_ref().map_or_else(|| words.to_owned(), |token| token.hide_in(words))
    }

    /// Reads below `root` what it takes to be let in, unless that was read before. To be called before each question.
    pub fn prepare(&mut self, root: &Root) -> Result<(), ClientError> {
        if let Some(path) = self.token_file.as_ref().filter(|_| self.token.is_none()) {
            let failed =
                |error: TokenError| ClientError::Token { path: path.clone(), why: error.to_string() };
            self.token = Some(Token::read(root, path).map_err(failed)?);
        }
        if self.url.scheme() == Scheme::Https {
            self.tls.prepare(root)?;
        }
        Ok(())
    }

    /// Asks, and waits for the answer; not for ever.
    pub async fn ask(&mut self, question: &Question) -> Result<Answer, ClientError> {
        let answered = timeout(ANSWERING_AT_MOST, self.ask_patiently(question)).await;
        let answer = answered.unwrap_or(Err(ClientError::Late));
        if answer.is_err() {
            self.connection = None;
        }
        answer
    }

    async fn ask_patiently(&mut self, question: &Question) -> Result<Answer, ClientError> {
        let request = self.request(question);
        // A connection that was kept may have been closed in the meantime, which is no news of the server.
        if let Some(mut kept) = self.connection.take()
            && kept.ready().await.is_ok()
            && let Ok(answered) = kept.send_request(request.clone()).await
        {
            return self.read(kept, answered, question.answer_at_most).await;
        }
        let mut sender = self.connect().await?;
        let answered = sender.send_request(request).await?;
        self.read(sender, answered, question.answer_at_most).await
    }

    fn request(&self, question: &Question) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(question.body.clone()));
        *request.method_mut() = question.method.clone();
        // Both are made of parts that were looked at when the configuration was read.
        *request.uri_mut() = question.target.parse().unwrap_or_default();
        let headers = request.headers_mut();
        let host = HeaderValue::try_from(self.url.authority()).unwrap_or(HeaderValue::from_static(""));
        headers.insert(HOST, host);
        headers.insert(
            USER_AGENT,
            HeaderValue::from_static(concat!("conntrack-exporter/", env!("CARGO_PKG_VERSION"))),
        );
        headers.extend(question.headers.iter().cloned());
        if let Some(token) = &self.token {
            headers.insert(AUTHORIZATION, token.header());
        }
        request
    }

    /// Tries one address after the other, and gives what went wrong at the first.
    async fn connect(&mut self) -> Result<Sender, ClientError> {
        let mut problem = None;
        for address in self.resolve().await? {
            let opened = timeout(CONNECTING_AT_MOST, connection::open(&self.url, address, &self.tls)).await;
            let late = || ClientError::Connect { address, source: io::ErrorKind::TimedOut.into() };
            match opened.unwrap_or_else(|_| Err(late())) {
                Ok(sender) => return Ok(sender),
                Err(error) => {
                    problem.get_or_insert(error);
                }
            }
        }
        Err(problem.unwrap_or_else(|| self.unresolved("it has no address")))
    }

    async fn resolve(&mut self) -> Result<Vec<SocketAddr>, ClientError> {
        let address = self.url.address();
        if let Some(literal) = literal(address) {
            return Ok(vec![literal]);
        }
        if self.lookup.is_none() {
            self.lookup = Some(Lookup::begin(address).map_err(|error| self.unresolved(&error.to_string()))?);
        }
        let waited = timeout(RESOLVING_AT_MOST, async {
            // What is given up in the midst stays in its place.
            while self.lookup.as_ref().is_some_and(|lookup| !lookup.is_finished()) {
                sleep(LOOK_AGAIN).await;
            }
        });
        let lookup = waited.await.ok().and_then(|()| self.lookup.take());
        match lookup {
            None => Err(self.unresolved("the name server does not answer")),
            Some(lookup) => lookup.answer().await.map_err(|error| self.unresolved(&error.to_string())),
        }
    }

    fn unresolved(&self, why: &str) -> ClientError {
        ClientError::Resolve { host: self.url.address().host().to_owned(), why: why.to_owned() }
    }

    /// Reads the answer up to a bound; a connection on which more would come is not used again.
    async fn read(
        &mut self,
        sender: Sender,
        answered: Response<Incoming>,
        at_most: usize,
    ) -> Result<Answer, ClientError> {
        let (head, mut body) = answered.into_parts();
        let mut read = BytesMut::new();
        while let Some(frame) = body.frame().await.transpose()? {
            let Ok(data) = frame.into_data() else { continue };
            let room = at_most.saturating_sub(read.len());
            read.extend_from_slice(data.get(..room).unwrap_or(&data));
            if data.len() > room {
                return Ok(Answer::new(&Response::from_parts(head, ()), read.freeze()));
            }
        }
        self.connection = Some(sender);
        Ok(Answer::new(&Response::from_parts(head, ()), read.freeze()))
    }
}
