def persistent(client):
    """Sends again what was not answered, with the number that it had, as Windows' clients do."""
    # pypsrp itself does so only when it has waited for too long.
    import requests

    send = client.transport._send_request

    def send_until_answered(request, **how):
        while True:
            try:
                return send(request, **how)
            except requests.exceptions.RequestException:
                time.sleep(0.02)

    client.transport._send_request = send_until_answered
    return client
