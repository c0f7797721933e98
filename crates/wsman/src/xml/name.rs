//! Names of elements and attributes, by namespace and never by prefix.

use std::borrow::Cow;

/// A namespace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ns {
    /// None.
    None,
    /// SOAP 1.2.
    Soap,
    /// WS-Addressing.
    Addressing,
    /// WS-Transfer.
    Transfer,
    /// WS-Enumeration.
    Enumeration,
    /// WS-Management.
    Wsman,
    /// Microsoft's extensions of WS-Management.
    Microsoft,
    /// Shells.
    Shell,
    /// PowerShell's elements in shells.
    PowerShell,
    /// Details of faults.
    Fault,
    /// The service's configuration.
    Config,
    /// What kind of service answers.
    Identity,
    /// XML itself (`xml:lang`).
    Xml,
    /// Any other.
    Other(Box<str>),
}

/// Known namespaces with the prefix that is written for them.
const KNOWN: [(Ns, &str, &str); 12] = [
    (Ns::Soap, "s", "http://www.w3.org/2003/05/soap-envelope"),
    (
        Ns::Addressing,
        "a",
        "http://schemas.xmlsoap.org/ws/2004/08/addressing",
    ),
    (
        Ns::Transfer,
        "x",
        "http://schemas.xmlsoap.org/ws/2004/09/transfer",
    ),
    (
        Ns::Enumeration,
        "n",
        "http://schemas.xmlsoap.org/ws/2004/09/enumeration",
    ),
    (
        Ns::Wsman,
        "w",
        "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd",
    ),
    (
        Ns::Microsoft,
        "p",
        "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd",
    ),
    (
        Ns::Shell,
        "rsp",
        "http://schemas.microsoft.com/wbem/wsman/1/windows/shell",
    ),
    (
        Ns::PowerShell,
        "ps",
        "http://schemas.microsoft.com/powershell",
    ),
    (
        Ns::Fault,
        "f",
        "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault",
    ),
    (
        Ns::Config,
        "cfg",
        "http://schemas.microsoft.com/wbem/wsman/1/config",
    ),
    (
        Ns::Identity,
        "wsmid",
        "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd",
    ),
    (Ns::Xml, "xml", "http://www.w3.org/XML/1998/namespace"),
];

impl Ns {
    /// The namespace with this URI.
    pub fn from_uri(uri: &str) -> Self {
        let known = KNOWN.iter().find(|(_, _, known)| *known == uri);
        known.map_or_else(|| Self::Other(uri.into()), |(ns, _, _)| ns.clone())
    }

    /// Its URI.
    pub fn uri(&self) -> &str {
        match self {
            Self::None => "",
            Self::Other(uri) => uri,
            known => row(known).map_or("", |(_, _, uri)| uri),
        }
    }

    /// The prefix that is written for it; nothing if it must be declared where it is used.
    pub fn prefix(&self) -> Option<&'static str> {
        row(self).map(|(_, prefix, _)| *prefix)
    }
}

fn row(ns: &Ns) -> Option<&'static (Ns, &'static str, &'static str)> {
    KNOWN.iter().find(|(known, _, _)| known == ns)
}

/// A name of an element or attribute.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    /// The namespace.
    pub ns: Ns,
    /// The name in it.
    pub local: Cow<'static, str>,
}

impl Name {
    /// The name `local` in `ns`.
    pub const fn new(ns: Ns, local: &'static str) -> Self {
        Self {
            ns,
            local: Cow::Borrowed(local),
        }
    }

    /// Whether it is this one.
    pub fn is(&self, ns: &Ns, local: &str) -> bool {
        self.ns == *ns && self.local == local
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_and_namespaces_belong_together() {
        for (ns, prefix, uri) in KNOWN {
            assert_eq!(Ns::from_uri(uri), ns);
            assert_eq!((ns.uri(), ns.prefix()), (uri, Some(prefix)));
        }
        let other = Ns::from_uri("urn:x");
        assert_eq!((other.uri(), other.prefix()), ("urn:x", None));
    }
}
