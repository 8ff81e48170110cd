# SPDX-License-Identifier: GPL-2.0
"""The WireGuard protocol on bytes, written apart from the module to check it.

Nothing here opens a socket or reads a clock, except that missing ephemeral
keys, nonces and timestamps are taken from the system. Messages are bytes, keys
are 32 raw bytes. Whatever a message gets wrong raises ProtocolError; a caller
that wants to send something wrong on purpose takes a good message apart with
the layout offsets below, or passes the odd value in (an index, a counter, a
timestamp, a low-order ephemeral key).

    initiator = Initiator(our_private, their_public, psk)
    socket.send(add_macs(initiator.initiation(sender=7), their_public))
    initiator.consume_response(socket.recv(2048))
    session = initiator.session()
    socket.send(session.seal(inner_packet))
    inner_packet = session.open(socket.recv(2048))

    responder = Responder(our_private)
    their_public = responder.consume_initiation(message)
    socket.send(add_macs(responder.response(sender=9, psk=psk), their_public))
    session = responder.session()

Section numbers are the WireGuard paper's.
"""

import hashlib
import hmac
import os
import struct
import time

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

CONSTRUCTION = b"Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s"
IDENTIFIER = b"WireGuard v1 zx2c4 Jason@zx2c4.com"
LABEL_MAC1 = b"mac1----"
LABEL_COOKIE = b"cookie--"

INITIATION, RESPONSE, COOKIE, DATA = 1, 2, 3, 4
INITIATION_SIZE, RESPONSE_SIZE, COOKIE_SIZE = 148, 92, 64
DATA_HEADER_SIZE, TAG_SIZE, MACS_SIZE = 16, 16, 32
KEEPALIVE_SIZE = DATA_HEADER_SIZE + TAG_SIZE

REKEY_AFTER_MESSAGES = 1 << 60
REJECT_AFTER_MESSAGES = (1 << 64) - 1 - (1 << 13)

NO_PSK = bytes(32)

# Points whose product with any (clamped) scalar is zero; RFC 7748, section 6.1
# asks to notice them. The last ones are not reduced modulo 2^255 - 19.
LOW_ORDER_POINTS = tuple(
    value.to_bytes(32, "little")
    for value in (
        0,
        1,
        325606250916557431795983626356110631294008115727848805560023387167927233504,
        39382357235489614581723060781553021112529911719440698176882885853963445705823,
        2**255 - 19 - 1,
        2**255 - 19,
        2**255 - 19 + 1,
    )
)


class ProtocolError(Exception):
    """A message that a correct peer would drop."""


# --- primitives -------------------------------------------------------------


def blake2s(data, key=b"", size=32):
    """HASH, or MAC when there is a key."""
    return hashlib.blake2s(data, key=key, digest_size=size).digest()


def hmac_blake2s(key, data):
    return hmac.new(key, data, hashlib.blake2s).digest()


def kdf(count, chaining_key, material):
    """KDF1, KDF2, KDF3: a list of count keys (HKDF of RFC 5869)."""
    secret = hmac_blake2s(chaining_key, material)
    keys, last = [], b""
    for i in range(1, count + 1):
        last = hmac_blake2s(secret, last + bytes([i]))
        keys.append(last)
    return keys


def _nonce(counter):
    return bytes(4) + struct.pack("<Q", counter)


def seal(key, counter, plain, ad):
    return ChaCha20Poly1305(key).encrypt(_nonce(counter), plain, ad)


def unseal(key, counter, sealed, ad):
    try:
        return ChaCha20Poly1305(key).decrypt(_nonce(counter), sealed, ad)
    except (InvalidTag, ValueError) as error:
        raise ProtocolError("authentication failed") from error


def hchacha20(key, nonce):
    """The block function without its last addition, so: with it undone."""
    stream = Cipher(algorithms.ChaCha20(key, nonce), mode=None).encryptor().update(bytes(64))
    words = struct.unpack("<16I", stream)
    start = struct.unpack("<4I", b"expand 32-byte k") + struct.unpack("<4I", nonce)
    kept = words[0:4] + words[12:16]
    return struct.pack("<8I", *((w - s) & 0xFFFFFFFF for w, s in zip(kept, start)))


def xseal(key, nonce, plain, ad):
    return ChaCha20Poly1305(hchacha20(key, nonce[:16])).encrypt(bytes(4) + nonce[16:], plain, ad)


def xunseal(key, nonce, sealed, ad):
    try:
        subkey = hchacha20(key, nonce[:16])
        return ChaCha20Poly1305(subkey).decrypt(bytes(4) + nonce[16:], sealed, ad)
    except (InvalidTag, ValueError) as error:
        raise ProtocolError("authentication failed") from error


def generate_private():
    return X25519PrivateKey.generate().private_bytes(
        Encoding.Raw, PrivateFormat.Raw, NoEncryption()
    )


def public_of(private):
    public = X25519PrivateKey.from_private_bytes(private).public_key()
    return public.public_bytes(Encoding.Raw, PublicFormat.Raw)


def dh(private, public):
    try:
        point = X25519PublicKey.from_public_bytes(public)
        return X25519PrivateKey.from_private_bytes(private).exchange(point)
    except ValueError as error:
        raise ProtocolError("low-order point") from error


def tai64n(seconds=None, nanoseconds=0):
    """12 bytes; with Warren's coarse nanoseconds one call a 17 ms is new."""
    if seconds is None:
        seconds, nanoseconds = divmod(time.time_ns(), 1_000_000_000)
    return struct.pack(">QI", 0x400000000000000A + seconds, nanoseconds)


# --- MACs and cookies (5.4.4, 5.4.7) ----------------------------------------


def mac1_key(public):
    return blake2s(LABEL_MAC1 + public)


def cookie_key(public):
    return blake2s(LABEL_COOKIE + public)


def add_macs(message, receiver_public, cookie=None):
    """A handshake message with its 32 last bytes filled in."""
    body = message[:-MACS_SIZE]
    mac1 = blake2s(body, mac1_key(receiver_public), 16)
    mac2 = blake2s(body + mac1, cookie, 16) if cookie else bytes(16)
    return body + mac1 + mac2


def mac1_of(message):
    return message[-32:-16]


def mac2_of(message):
    return message[-16:]


def check_mac1(message, own_public):
    want = blake2s(message[:-MACS_SIZE], mac1_key(own_public), 16)
    return hmac.compare_digest(want, mac1_of(message))


def check_mac2(message, cookie):
    return hmac.compare_digest(blake2s(message[:-16], cookie, 16), mac2_of(message))


def cookie_reply(message, cookie, own_public, nonce=None):
    """The answer to a handshake message from someone who must prove the address."""
    nonce = nonce or os.urandom(24)
    sender = message[4:8]
    sealed = xseal(cookie_key(own_public), nonce, cookie, mac1_of(message))
    return struct.pack("<I", COOKIE) + sender + nonce + sealed


def open_cookie_reply(reply, message, receiver_public):
    """The cookie in the reply to our message, which went to receiver_public."""
    if len(reply) != COOKIE_SIZE or reply[0:4] != struct.pack("<I", COOKIE):
        raise ProtocolError("not a cookie reply")
    if reply[4:8] != message[4:8]:
        raise ProtocolError("wrong receiver index")
    return xunseal(cookie_key(receiver_public), reply[8:32], reply[32:], mac1_of(message))


# --- handshake (5.4.2, 5.4.3, 5.4.5) ----------------------------------------


class _Handshake:
    """The symmetric state of both sides."""

    def __init__(self, responder_public):
        self.chaining_key = blake2s(CONSTRUCTION)
        self.hash = blake2s(blake2s(self.chaining_key + IDENTIFIER) + responder_public)

    def mix_hash(self, data):
        self.hash = blake2s(self.hash + data)

    def mix_key(self, material, count=2):
        """Returns the keys beyond the chaining key."""
        self.chaining_key, *keys = kdf(count, self.chaining_key, material)
        return keys[0] if len(keys) == 1 else keys

    def seal(self, key, plain):
        sealed = seal(key, 0, plain, self.hash)
        self.mix_hash(sealed)
        return sealed

    def unseal(self, key, sealed):
        plain = unseal(key, 0, sealed, self.hash)
        self.mix_hash(sealed)
        return plain

    def mix_psk(self, psk):
        tau, key = self.mix_key(psk, 3)
        self.mix_hash(tau)
        return key


class Initiator:
    def __init__(self, private, remote_public, psk=None, ephemeral=None):
        self.private = private
        self.public = public_of(private)
        self.remote_public = remote_public
        self.psk = psk or NO_PSK
        self.ephemeral = ephemeral or generate_private()
        self.sender = self.receiver = self.state = None

    def initiation(self, sender, timestamp=None, ephemeral_public=None):
        """148 bytes, MACs zero. ephemeral_public: what to send instead of ours."""
        state = _Handshake(self.remote_public)
        ephemeral = ephemeral_public or public_of(self.ephemeral)
        state.mix_key(ephemeral, 1)
        state.mix_hash(ephemeral)
        sealed_static = state.seal(
            state.mix_key(dh(self.ephemeral, self.remote_public)), self.public
        )
        sealed_time = state.seal(
            state.mix_key(dh(self.private, self.remote_public)), timestamp or tai64n()
        )
        self.state, self.sender = state, sender
        header = struct.pack("<II", INITIATION, sender)
        return header + ephemeral + sealed_static + sealed_time + bytes(MACS_SIZE)

    def consume_response(self, message):
        if len(message) != RESPONSE_SIZE or message[0:4] != struct.pack("<I", RESPONSE):
            raise ProtocolError("not a response")
        sender, receiver = struct.unpack("<II", message[4:12])
        if receiver != self.sender:
            raise ProtocolError("wrong receiver index")
        if not check_mac1(message, self.public):
            raise ProtocolError("wrong mac1")
        state, ephemeral = self.state, message[12:44]
        state.mix_key(ephemeral, 1)
        state.mix_hash(ephemeral)
        state.mix_key(dh(self.ephemeral, ephemeral), 1)
        state.mix_key(dh(self.private, ephemeral), 1)
        state.unseal(state.mix_psk(self.psk), message[44:60])
        self.receiver = sender

    def session(self):
        sending, receiving = kdf(2, self.state.chaining_key, b"")
        return Session(sending, receiving, self.sender, self.receiver)


class Responder:
    def __init__(self, private, ephemeral=None):
        self.private = private
        self.public = public_of(private)
        self.ephemeral = ephemeral or generate_private()
        self.sender = self.receiver = self.state = None
        self.remote_public = self.remote_ephemeral = self.timestamp = None

    def consume_initiation(self, message):
        """Returns the sender's public key; .timestamp holds the other secret."""
        if len(message) != INITIATION_SIZE or message[0:4] != struct.pack("<I", INITIATION):
            raise ProtocolError("not an initiation")
        if not check_mac1(message, self.public):
            raise ProtocolError("wrong mac1")
        state, ephemeral = _Handshake(self.public), message[8:40]
        state.mix_key(ephemeral, 1)
        state.mix_hash(ephemeral)
        remote = state.unseal(state.mix_key(dh(self.private, ephemeral)), message[40:88])
        timestamp = state.unseal(state.mix_key(dh(self.private, remote)), message[88:116])
        self.state, self.remote_public, self.remote_ephemeral = state, remote, ephemeral
        self.timestamp = timestamp
        (self.receiver,) = struct.unpack("<I", message[4:8])
        return remote

    def response(self, sender, psk=None, receiver=None, ephemeral_public=None):
        """92 bytes, MACs zero. receiver, ephemeral_public: to send instead of the right ones."""
        state, ephemeral = self.state, ephemeral_public or public_of(self.ephemeral)
        state.mix_key(ephemeral, 1)
        state.mix_hash(ephemeral)
        state.mix_key(dh(self.ephemeral, self.remote_ephemeral), 1)
        state.mix_key(dh(self.ephemeral, self.remote_public), 1)
        sealed = state.seal(state.mix_psk(psk or NO_PSK), b"")
        self.sender = sender
        receiver = self.receiver if receiver is None else receiver
        header = struct.pack("<III", RESPONSE, sender, receiver)
        return header + ephemeral + sealed + bytes(MACS_SIZE)

    def session(self):
        receiving, sending = kdf(2, self.state.chaining_key, b"")
        return Session(sending, receiving, self.sender, self.receiver)


# --- data (5.4.6) -----------------------------------------------------------


class Session:
    def __init__(self, sending_key, receiving_key, local_index, remote_index):
        self.sending_key = sending_key
        self.receiving_key = receiving_key
        self.local_index = local_index
        self.remote_index = remote_index
        self.counter = 0

    def seal(self, packet=b"", counter=None, receiver=None, pad=True):
        """A data message; an empty packet makes a keepalive. counter: not the next one."""
        if counter is None:
            counter = self.counter
            self.counter += 1
        receiver = self.remote_index if receiver is None else receiver
        if pad:
            packet += bytes(-len(packet) % 16)
        header = struct.pack("<IIQ", DATA, receiver, counter)
        return header + seal(self.sending_key, counter, packet, b"")

    def open(self, message):
        """The inner packet with its padding; .last_counter is the message's."""
        if len(message) < KEEPALIVE_SIZE or message[0:4] != struct.pack("<I", DATA):
            raise ProtocolError("not a data message")
        receiver, counter = struct.unpack("<IQ", message[4:16])
        if receiver != self.local_index:
            raise ProtocolError("wrong receiver index")
        packet = unseal(self.receiving_key, counter, message[16:], b"")
        self.last_counter = counter
        return packet
