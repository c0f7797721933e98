//! What ties a logon to a connection of TLS: the server's certificate (RFC 5929, 4).

use aws_lc_rs::digest::{Algorithm, SHA256, SHA384, SHA512, digest};

/// What stands before the hash.
const PREFIX: &[u8] = b"tls-server-end-point:";
/// The tag of a sequence in DER.
const SEQUENCE: u8 = 0x30;
/// The tag of an object identifier in DER.
const OID: u8 = 0x06;
/// `1.2.840.113549.1.1`: signatures of RSA.
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1];
/// `1.2.840.10045.4.3`: signatures of ECDSA with SHA-2.
const ECDSA: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3];

/// That of a certificate in DER; none where it is not said what its hash is.
pub(super) fn of(certificate: &[u8]) -> Option<Vec<u8>> {
    let hash = digest(algorithm(certificate)?, certificate);
    Some([PREFIX, hash.as_ref()].concat())
}

/// The hash of the certificate's signature, or SHA-256 where that is an older one.
fn algorithm(certificate: &[u8]) -> Option<&'static Algorithm> {
    let (fields, _) = element(certificate, SEQUENCE)?;
    let (_, rest) = element(fields, SEQUENCE)?;
    let (algorithm, _) = element(rest, SEQUENCE)?;
    let (oid, _) = element(algorithm, OID)?;
    let (last, family) = oid.split_last()?;
    match (family, last) {
        // MD5, SHA-1, SHA-256.
        (RSA, 4 | 5 | 11) | (ECDSA, 2) => Some(&SHA256),
        (RSA, 12) | (ECDSA, 3) => Some(&SHA384),
        (RSA, 13) | (ECDSA, 4) => Some(&SHA512),
        _ => None,
    }
}

/// The content of an element of DER with this tag, and what follows.
fn element(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (first, rest) = bytes.split_first()?;
    let (length, rest) = rest.split_first()?;
    let (length, rest) = match length {
        0..=0x7f => (usize::from(*length), rest),
        0x81..=0x83 => {
            let (digits, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
            let digits = digits.iter();
            let length = digits.fold(0, |length, digit| length << 8 | usize::from(*digit));
            (length, rest)
        }
        _ => return None,
    };
    (*first == tag).then(|| rest.split_at_checked(length))?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate(oid: &[u8]) -> Vec<u8> {
        let wrapped = |tag, content: &[u8]| {
            let length = u8::try_from(content.len()).expect("a short one");
            [&[tag, 0x81, length][..], content].concat()
        };
        let algorithm = wrapped(SEQUENCE, &wrapped(OID, oid));
        let signed = wrapped(SEQUENCE, b"to be signed");
        wrapped(
            SEQUENCE,
            &[signed, algorithm, b"signature".to_vec()].concat(),
        )
    }

    #[test]
    fn the_hash_is_that_of_the_signature() {
        let cases = [
            (RSA, 5, Some(32)),
            (RSA, 11, Some(32)),
            (RSA, 12, Some(48)),
            (RSA, 13, Some(64)),
            (RSA, 10, None),
            (ECDSA, 2, Some(32)),
            (ECDSA, 3, Some(48)),
            (&[0x2b, 0x65][..], 0x70, None),
        ];
        for (family, last, expected) in cases {
            let bytes = certificate(&[family, &[last]].concat());
            let length = of(&bytes).map(|bound| bound.len() - PREFIX.len());
            assert_eq!(length, expected, "{family:x?} {last}");
        }
    }

    #[test]
    fn what_is_no_certificate_has_none() {
        let whole = certificate(&[RSA, &[11]].concat());
        for end in 0..whole.len() - 16 {
            assert_eq!(of(&whole[..end]), None, "{end}");
        }
        assert_eq!(of(&[SEQUENCE, 0x84, 0xff, 0xff, 0xff, 0xff]), None);
        assert_eq!(of(&[0xff; 64]), None);
    }
}
