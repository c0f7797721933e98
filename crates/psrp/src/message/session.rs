//! Versions and keys.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::MessageKind;
use super::body::{Body, Fields, MessageError};
use crate::clixml::{Object, Value, Version};

/// Versions that a side speaks ([MS-PSRP] 2.2.2.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionCapability {
    /// Of the protocol: 2.3 for PowerShell 5 and later.
    pub protocol: Version,
    /// Of PowerShell; 2.0 for all.
    pub ps_version: Version,
    /// Of CLIXML.
    pub serialization: Version,
    /// The client's time zone, in a format of .NET.
    pub time_zone: Option<Vec<u8>>,
}

impl SessionCapability {
    /// What this crate speaks.
    pub const OURS: Self = Self {
        protocol: Version::new(2, 3),
        ps_version: Version::new(2, 0),
        serialization: Version {
            build: Some(0),
            revision: Some(1),
            ..Version::new(1, 1)
        },
        time_zone: None,
    };
}

impl Body for SessionCapability {
    fn read(fields: Fields<'_>) -> Result<Self, MessageError> {
        let bytes = |value: &Value| match value {
            Value::Bytes(bytes) => Some(bytes.clone()),
            _ => None,
        };
        Ok(Self {
            protocol: fields.need("protocolversion", Value::as_version)?,
            ps_version: fields.need("PSVersion", Value::as_version)?,
            serialization: fields.need("SerializationVersion", Value::as_version)?,
            time_zone: fields.want("TimeZone", bytes)?,
        })
    }

    fn write(&self, _: MessageKind) -> Value {
        let object = Object::new()
            .with("protocolversion", self.protocol)
            .with("PSVersion", self.ps_version)
            .with("SerializationVersion", self.serialization);
        match &self.time_zone {
            Some(zone) => object.with("TimeZone", zone.clone()),
            None => object,
        }
        .into()
    }
}

/// A client's public key ([MS-PSRP] 2.2.2.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    /// The key as Windows' cryptography writes it; see `crypto`.
    pub blob: Vec<u8>,
}

/// The session's key, encrypted for a client ([MS-PSRP] 2.2.2.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncryptedSessionKey {
    /// The key as Windows' cryptography writes it; see `crypto`.
    pub blob: Vec<u8>,
}

fn blob(value: &Value) -> Option<Vec<u8>> {
    STANDARD.decode(value.as_text()?.as_str()?).ok()
}

impl Body for PublicKey {
    fn read(fields: Fields<'_>) -> Result<Self, MessageError> {
        let blob = fields.need("PublicKey", blob)?;
        Ok(Self { blob })
    }

    fn write(&self, _: MessageKind) -> Value {
        let key = STANDARD.encode(&self.blob);
        Object::new().with("PublicKey", key).into()
    }
}

impl Body for EncryptedSessionKey {
    fn read(fields: Fields<'_>) -> Result<Self, MessageError> {
        let blob = fields.need("EncryptedSessionKey", blob)?;
        Ok(Self { blob })
    }

    fn write(&self, _: MessageKind) -> Value {
        let key = STANDARD.encode(&self.blob);
        Object::new().with("EncryptedSessionKey", key).into()
    }
}

/// A server wants the client's public key ([MS-PSRP] 2.2.2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKeyRequest;

impl Body for PublicKeyRequest {
    fn read(_: Fields<'_>) -> Result<Self, MessageError> {
        Ok(Self)
    }

    fn write(&self, _: MessageKind) -> Value {
        "".into()
    }
}
