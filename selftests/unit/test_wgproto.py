#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""The Python protocol itself: other tests trust it to say what is right."""

import os
import sys

sys.dont_write_bytecode = True
here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, "..", "lib"))

import ktap  # noqa: E402
import wgproto as wg  # noqa: E402
from ktap import case, check, equal  # noqa: E402


def refused(function, *arguments):
    try:
        function(*arguments)
    except wg.ProtocolError:
        return True
    return False


def pair(psk=None):
    ours, theirs = wg.generate_private(), wg.generate_private()
    return wg.Initiator(ours, wg.public_of(theirs), psk), wg.Responder(theirs)


def handshake(psk=None):
    initiator, responder = pair(psk)
    message = wg.add_macs(initiator.initiation(sender=1), responder.public)
    responder.consume_initiation(message)
    initiator.consume_response(wg.add_macs(responder.response(2, psk), initiator.public))
    return initiator.session(), responder.session()


def flipped(message, bit):
    changed = bytearray(message)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


@case
def hchacha20_of_the_draft():
    """draft-irtf-cfrg-xchacha-03, section 2.2.1"""
    got = wg.hchacha20(bytes(range(32)), bytes.fromhex("000000090000004a0000000031415927"))
    equal(
        got.hex(),
        "82413b4227b27bfed30e42508a877d73a0f9e4d58a74a853c12ec41326d3ecdc",
        "subkey",
    )


@case
def xchacha20poly1305_of_the_draft():
    """draft-irtf-cfrg-xchacha-03, section A.3.1"""
    plain = (
        b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the "
        b"future, sunscreen would be it."
    )
    key, nonce = bytes(range(0x80, 0xA0)), bytes(range(0x40, 0x58))
    ad = bytes.fromhex("50515253c0c1c2c3c4c5c6c7")
    sealed = wg.xseal(key, nonce, plain, ad)
    equal(sealed[-16:].hex(), "c0875924c1c7987947deafd8780acf49", "tag")
    equal(wg.xunseal(key, nonce, sealed, ad), plain, "plain text")


@case
def hmac_is_rfc_2104():
    key, data = bytes(range(32)), b"what is said"
    inner = wg.blake2s(bytes(k ^ 0x36 for k in key + bytes(32)) + data)
    outer = wg.blake2s(bytes(k ^ 0x5C for k in key + bytes(32)) + inner)
    equal(wg.hmac_blake2s(key, data), outer, "HMAC")


@case
def tai64n_counts_from_1970():
    """The label of https://cr.yp.to/libtai/tai64.html: 2^62 + 10 is 1970 in UTC."""
    equal(wg.tai64n(0, 0).hex(), "400000000000000a00000000", "label of 1970")
    equal(wg.tai64n(1, 2).hex(), "400000000000000b00000002", "label a second later")
    check(wg.tai64n() > wg.tai64n(1_700_000_000), "now is after 2023")


@case
def low_order_points_are_refused():
    for point in wg.LOW_ORDER_POINTS:
        check(refused(wg.dh, wg.generate_private(), point), f"refused: {point.hex()}")


@case
def messages_have_their_sizes():
    initiator, responder = pair()
    message = wg.add_macs(initiator.initiation(1), responder.public)
    equal(len(message), wg.INITIATION_SIZE, "initiation")
    responder.consume_initiation(message)
    equal(len(responder.response(2)), wg.RESPONSE_SIZE, "response")
    equal(len(wg.cookie_reply(message, bytes(16), responder.public)), wg.COOKIE_SIZE, "cookie")


@case
def sessions_fit_together():
    for psk in (None, os.urandom(32)):
        ours, theirs = handshake(psk)
        equal(theirs.open(ours.seal(b"hello")), b"hello" + bytes(11), "there")
        equal(ours.open(theirs.seal()), b"", "back")
        equal(len(ours.seal()), wg.KEEPALIVE_SIZE, "size of a keepalive")
        equal(theirs.open(ours.seal(b"", counter=99)), b"", "a counter of choice")
        equal(theirs.last_counter, 99, "counter")


@case
def flipped_bits_are_noticed():
    initiator, responder = pair()
    message = wg.add_macs(initiator.initiation(1), responder.public)
    for bit in range(0, (wg.INITIATION_SIZE - 16) * 8, 7):
        check(refused(responder.consume_initiation, flipped(message, bit)), f"bit {bit}")
    ours, theirs = handshake()
    packet = ours.seal(b"x" * 20)
    for bit in range(len(packet) * 8):
        check(refused(theirs.open, flipped(packet, bit)), f"bit {bit} of a data message")


@case
def different_psks_do_not_agree():
    initiator, responder = pair(os.urandom(32))
    responder.consume_initiation(wg.add_macs(initiator.initiation(1), responder.public))
    response = wg.add_macs(responder.response(2, os.urandom(32)), initiator.public)
    check(refused(initiator.consume_response, response), "response refused")


@case
def cookies_go_round():
    initiator, responder = pair()
    message = wg.add_macs(initiator.initiation(1), responder.public)
    cookie = os.urandom(16)
    reply = wg.cookie_reply(message, cookie, responder.public)
    equal(wg.open_cookie_reply(reply, message, responder.public), cookie, "cookie")
    check(refused(wg.open_cookie_reply, flipped(reply, 300), message, responder.public), "forged")
    again = wg.add_macs(message, responder.public, cookie)
    check(wg.check_mac1(again, responder.public), "mac1")
    check(wg.check_mac2(again, cookie), "mac2")
    check(not wg.check_mac2(message, cookie), "no mac2 without a cookie")


@case
def committed_vectors_are_what_is_made():
    script, header = (os.path.join(here, name) for name in ("make-vectors", "handshake_vectors.h"))
    equal(os.spawnl(os.P_WAIT, script, script, "--check", header), 0, "make-vectors --check")


ktap.main()
