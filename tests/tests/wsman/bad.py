envelope = (
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"'
    ' xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"'
    ' xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"><s:Header>'
    "<a:Action>%s</a:Action><a:MessageID>uuid:7</a:MessageID>%s</s:Header><s:Body>%s</s:Body></s:Envelope>"
)
get = "http://schemas.xmlsoap.org/ws/2004/09/transfer/Get"
identify = (
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header/><s:Body>'
    '<i:Identify xmlns:i="http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"/>'
    "</s:Body></s:Envelope>"
)
status, said = post(identify)
assert status == 200 and b"ProductVendor" in said, said
status, said = post(b"\xff\xfe" + identify.encode("utf-16-le"), Content_Type="application/soap+xml;charset=UTF-16")
assert status == 200 and "ProductVendor" in said.decode("utf-16"), said

for body, headers, wanted, word in [
    (b"", {}, 500, b"SchemaValidation"),
    (b"<a", {}, 500, b"SchemaValidation"),
    (b"\xff\xff", {}, 500, b"UTF-8"),
    (b"<!DOCTYPE a [<!ENTITY b SYSTEM 'http://example.com/b'>]><a>&b;</a>", {}, 500, b"document types"),
    (b"<a>" * 100 + b"</a>" * 100, {}, 500, b"too many elements within"),
    ((envelope % ("http://example.com/Nothing", "", "")).encode(), {}, 500, b"ActionNotSupported"),
    ((envelope % (get, "", "")).encode(), {}, 500, b"2150858843"),
    ((envelope % (get, "<w:OperationTimeout>PT-1S</w:OperationTimeout>", "")).encode(), {}, 500, b"invalid timeout"),
    ((envelope % (get, '<x:Y xmlns:x="urn:x" s:mustUnderstand="true"/>', "")).encode(), {}, 500, b"MustUnderstand"),
    (identify.encode(), {"Content_Type": "text/xml;charset=latin1"}, 415, b"charset"),
    (b"x" * 2_000_000, {}, 400, b"bytes"),
    (identify.encode(), {"Authorization": None}, 401, b"name and a password"),
    (identify.encode(), {"Authorization": "Negotiate abc"}, 401, b"name and a password"),
]:
    status, said = post(body, **headers)
    assert status == wanted and word in said, (body[:80], status, said)
    if status == 500 and b"MessageID>uuid:7" in body:
        assert b"RelatesTo>uuid:7<" in said, said

# Guessing takes longer and longer, and the right password waits as well.
wrong = "Basic " + base64.b64encode(b"ann:guess").decode()
answers = [post(identify, Authorization=wrong)[0] for _ in range(5)]
assert answers[:3] == [401, 401, 401] and 429 in answers, answers
