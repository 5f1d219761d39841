"""A device that does nothing: it holds a connection open and asks for the time. And the server that it does that with.

usage: idle.py device|server ADDRESS    the server's address, for both
"""

import selectors
import socket
import sys
import time

MESSAGES, NTP = 8883, 123
# A question of a client, by version 4 of the protocol.
QUESTION = bytes([0x23]) + bytes(47)


def device(address):
    connection = socket.create_connection((address, MESSAGES))
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 60)
    while True:
        # As ntpd does it, from a new port each time.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as clock:
            clock.sendto(QUESTION, (address, NTP))
            time.sleep(64)


def server(address):
    listener = socket.create_server((address, MESSAGES))
    clock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    clock.bind((address, NTP))
    ready, held = selectors.DefaultSelector(), []
    ready.register(listener, selectors.EVENT_READ, lambda: held.append(listener.accept()))
    ready.register(clock, selectors.EVENT_READ, lambda: clock.sendto(bytes(48), clock.recvfrom(48)[1]))
    while True:
        for key, _ in ready.select():
            key.data()


{"device": device, "server": server}[sys.argv[1]](sys.argv[2])
