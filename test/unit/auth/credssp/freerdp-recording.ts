import { hex } from '../hex.js'

/**
 * What the client of FreeRDP 2.11.7 sent for TEST\alice with the password `secret`, to a server with a key on P-256: its
 * messages as TLS carried them, and what its NTLM had sealed in them (16 octets of signature, then the data).
 */
interface Recording {
  /** The contents of the server's SubjectPublicKey. */
  readonly publicKey: Uint8Array
  readonly negotiate: Uint8Array
  readonly authenticate: Uint8Array
  /** Sealed in `pubKeyAuth` of `authenticate`. */
  readonly binding: Uint8Array
  readonly delegate: Uint8Array
  /** Sealed in `authInfo` of `delegate`. */
  readonly credential: Uint8Array
}

/** To a server that speaks version 6. */
export const version6: Recording = {
  publicKey: hex(`
    04 21 f5 00 52 32 d6 f4 19 13 68 fd b9 2a f3 5b 17 be de ec f4 e6 10 6b b0 0c 65 90 55 d7 35 72
    a9 4f 37 0a 26 52 e5 07 4b 4e 99 11 8b 71 43 d0 de 10 ec 7f 25 c9 d6 03 04 47 4c 1d 97 04 19 68
    4d`),
  negotiate: hex(`
    30 5b a0 03 02 01 06 a1 30 30 2e 30 2c a0 2a 04 28 4e 54 4c 4d 53 53 50 00 01 00 00 00 b7 82 08
    e2 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 06 01 b1 1d 00 00 00 0f a5 22 04 20 f9 7b e9
    e8 38 55 ee d8 a3 57 c3 52 15 58 01 f5 07 38 c3 28 9a cf 6d 39 b6 0b 1a a3 37 d7 5c 25`),
  authenticate: hex(`
    30 82 01 e1 a0 03 02 01 06 a1 82 01 80 30 82 01 7c 30 82 01 78 a0 82 01 74 04 82 01 70 4e 54 4c
    4d 53 53 50 00 03 00 00 00 18 00 18 00 6e 00 00 00 da 00 da 00 86 00 00 00 08 00 08 00 58 00 00
    00 0a 00 0a 00 60 00 00 00 04 00 04 00 6a 00 00 00 10 00 10 00 60 01 00 00 35 b2 88 e2 06 01 b1
    1d 00 00 00 0f 41 c2 d4 32 48 90 ad 15 5d b8 22 8d db 1c e3 4f 54 00 45 00 53 00 54 00 61 00 6c
    00 69 00 63 00 65 00 76 00 6d 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
    00 00 00 40 73 28 7d a9 86 d2 74 81 6f 8f 8e 19 1f 72 20 01 01 00 00 00 00 00 00 90 8d c1 5b 7e
    7b dd 01 e3 55 2f 91 bf 65 eb f8 00 00 00 00 02 00 10 00 53 00 45 00 52 00 56 00 45 00 52 00 30
    00 31 00 01 00 10 00 53 00 45 00 52 00 56 00 45 00 52 00 30 00 31 00 04 00 10 00 73 00 65 00 72
    00 76 00 65 00 72 00 30 00 31 00 03 00 10 00 73 00 65 00 72 00 76 00 65 00 72 00 30 00 31 00 07
    00 08 00 90 8d c1 5b 7e 7b dd 01 06 00 04 00 02 00 00 00 0a 00 10 00 00 00 00 00 00 00 00 00 00
    00 00 00 00 00 00 00 09 00 22 00 54 00 45 00 52 00 4d 00 53 00 52 00 56 00 2f 00 31 00 32 00 37
    00 2e 00 30 00 2e 00 30 00 2e 00 31 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 7e d1 cf
    f0 61 8b 23 67 c4 7a 94 48 ab 54 bb ea a3 32 04 30 01 00 00 00 34 30 26 bf c1 1b 72 3f 00 00 00
    00 96 88 77 64 36 6b 2d d5 08 de 10 ce 65 f0 45 5d 28 87 86 08 c9 d7 59 6b 26 e4 fb b1 86 0e 18
    9d a5 22 04 20 f9 7b e9 e8 38 55 ee d8 a3 57 c3 52 15 58 01 f5 07 38 c3 28 9a cf 6d 39 b6 0b 1a
    a3 37 d7 5c 25`),
  binding: hex(`
    fd a0 9f 88 f7 f1 ae 8c 8c 51 9b 25 54 96 d6 6f 0c e0 08 ae 15 85 3b 78 30 c3 e5 26 48 c0 03 2a`),
  delegate: hex(`
    30 74 a0 03 02 01 06 a2 49 04 47 01 00 00 00 4a 36 b5 36 38 ff 4e 54 01 00 00 00 34 e2 a4 d8 61
    fc 9a 7d 4c 0b 5e 94 ea 6c 26 63 80 13 88 b1 ae 1e 8d f6 05 7c ee 6d b4 c5 ca af 4e a3 7d 2a 28
    48 58 e6 e3 1b f8 14 cb f1 17 52 ea 84 71 91 01 0b 65 a5 22 04 20 f9 7b e9 e8 38 55 ee d8 a3 57
    c3 52 15 58 01 f5 07 38 c3 28 9a cf 6d 39 b6 0b 1a a3 37 d7 5c 25`),
  credential: hex(`
    30 35 a0 03 02 01 01 a1 2e 04 2c 30 2a a0 0a 04 08 54 00 45 00 53 00 54 00 a1 0c 04 0a 61 00 6c
    00 69 00 63 00 65 00 a2 0e 04 0c 73 00 65 00 63 00 72 00 65 00 74 00`),
}

/** To a server that speaks version 3, which binds to the key itself. */
export const version3: Recording = {
  publicKey: hex(`
    04 83 e1 a2 da e7 32 f9 35 ee d8 f2 db eb 7d cb c1 69 83 0e 88 8a a3 62 4b 67 36 41 18 c4 9f 1d
    e8 7a f3 e6 27 0d e8 fc a0 04 8c de 02 c8 02 95 e3 a3 3e f7 ae 00 28 03 33 48 e3 41 5f 26 d3 16
    f5`),
  negotiate: hex(`
    30 5b a0 03 02 01 06 a1 30 30 2e 30 2c a0 2a 04 28 4e 54 4c 4d 53 53 50 00 01 00 00 00 b7 82 08
    e2 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 06 01 b1 1d 00 00 00 0f a5 22 04 20 6c be c2
    ee 07 09 a6 f5 c0 7f 82 80 b1 28 55 67 71 1d 64 14 05 43 c8 bb df 4f 5e 19 fa 98 c1 46`),
  authenticate: hex(`
    30 82 02 02 a0 03 02 01 06 a1 82 01 80 30 82 01 7c 30 82 01 78 a0 82 01 74 04 82 01 70 4e 54 4c
    4d 53 53 50 00 03 00 00 00 18 00 18 00 6e 00 00 00 da 00 da 00 86 00 00 00 08 00 08 00 58 00 00
    00 0a 00 0a 00 60 00 00 00 04 00 04 00 6a 00 00 00 10 00 10 00 60 01 00 00 35 b2 88 e2 06 01 b1
    1d 00 00 00 0f 76 da 78 ca b5 e8 93 67 59 43 65 ad a6 dd 74 f4 54 00 45 00 53 00 54 00 61 00 6c
    00 69 00 63 00 65 00 76 00 6d 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
    00 00 00 ed e4 0f 54 0b 46 57 06 57 f0 01 b1 7f a3 3e 9e 01 01 00 00 00 00 00 00 e0 46 58 66 7e
    7b dd 01 3c c4 6d 96 65 57 57 c7 00 00 00 00 02 00 10 00 53 00 45 00 52 00 56 00 45 00 52 00 30
    00 31 00 01 00 10 00 53 00 45 00 52 00 56 00 45 00 52 00 30 00 31 00 04 00 10 00 73 00 65 00 72
    00 76 00 65 00 72 00 30 00 31 00 03 00 10 00 73 00 65 00 72 00 76 00 65 00 72 00 30 00 31 00 07
    00 08 00 e0 46 58 66 7e 7b dd 01 06 00 04 00 02 00 00 00 0a 00 10 00 00 00 00 00 00 00 00 00 00
    00 00 00 00 00 00 00 09 00 22 00 54 00 45 00 52 00 4d 00 53 00 52 00 56 00 2f 00 31 00 32 00 37
    00 2e 00 30 00 2e 00 30 00 2e 00 31 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 4a 7d 4f
    16 c4 7f 4d 1f d7 ed b3 fb 89 de 1f cc a3 53 04 51 01 00 00 00 cd 99 89 9f 38 ca ac 04 00 00 00
    00 24 b5 7c ac 37 05 ed d4 53 1d 2e 5d c7 61 b1 1b c3 8f 5c b9 43 48 1d c0 2b 0a f0 43 cc f1 5e
    81 a1 ac b6 93 c0 ab 1b df 23 6d d0 c7 44 bf 1a e8 98 38 e7 8a 40 f8 88 4a 7b aa 1d f5 bc 33 e3
    df c4 a5 22 04 20 6c be c2 ee 07 09 a6 f5 c0 7f 82 80 b1 28 55 67 71 1d 64 14 05 43 c8 bb df 4f
    5e 19 fa 98 c1 46`),
  binding: hex(`
    04 83 e1 a2 da e7 32 f9 35 ee d8 f2 db eb 7d cb c1 69 83 0e 88 8a a3 62 4b 67 36 41 18 c4 9f 1d
    e8 7a f3 e6 27 0d e8 fc a0 04 8c de 02 c8 02 95 e3 a3 3e f7 ae 00 28 03 33 48 e3 41 5f 26 d3 16
    f5`),
  delegate: hex(`
    30 74 a0 03 02 01 06 a2 49 04 47 01 00 00 00 e3 a5 ef 32 41 4d 35 11 01 00 00 00 77 92 3d 9e af
    e2 a1 7f 20 bd 3e 32 54 9b 37 1b f5 5c fa 47 bf 84 d5 80 bc b8 ba 59 62 f7 c5 c6 e2 33 4b 1b 5c
    38 06 08 93 e5 4c 5e c9 85 71 df e9 bf df 48 b2 20 8d a5 22 04 20 6c be c2 ee 07 09 a6 f5 c0 7f
    82 80 b1 28 55 67 71 1d 64 14 05 43 c8 bb df 4f 5e 19 fa 98 c1 46`),
  credential: hex(`
    30 35 a0 03 02 01 01 a1 2e 04 2c 30 2a a0 0a 04 08 54 00 45 00 53 00 54 00 a1 0c 04 0a 61 00 6c
    00 69 00 63 00 65 00 a2 0e 04 0c 73 00 65 00 63 00 72 00 65 00 74 00`),
}
