// Why a packet (frame) or a connection (flow) was dropped: ASA's accelerated-security-path reasons, as `show asp drop`,
// asp-drop captures and packet-tracer name them. One list gives enum, keyword, text and counters.
//
// Order is the one in which `show asp drop` prints. Source: outputs of `show asp drop` and of
// `capture NAME type asp-drop ?`; the place of reasons never seen together with others is our choice (firewall/README.md).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace sallyport {

// X(enumerator, keyword, text)
#define SALLYPORT_FRAME_DROPS(X) \
  X(kNattKeepalive, "natt-keepalive", "NAT-T keepalive message") \
  X(kBadIpsecNatt, "bad-ipsec-natt", "Bad IPSEC NATT packet") \
  X(kIpsecTunDown, "ipsec-tun-down", "IPSEC tunnel is down") \
  X(kMpSvcBadLength, "mp-svc-bad-length", "SVC Module received bad data length") \
  X(kMpSvcNoChannel, "mp-svc-no-channel", "SVC Module does not have a channel for reinjection") \
  X(kMpSvcNoSession, "mp-svc-no-session", "SVC Module does not have a session") \
  X(kMpSvcFlowControl, "mp-svc-flow-control", "SVC Module is in flow control") \
  X(kMpSvcNoFragment, "mp-svc-no-fragment", "SVC Module unable to fragment packet") \
  X(kInvalidIpHeader, "invalid-ip-header", "Invalid IP header") \
  X(kUnsupportedIpVersion, "unsupported-ip-version", "Unsupported IP version") \
  X(kInvalidIpLength, "invalid-ip-length", "Invalid IP length") \
  X(kInvalidUdpLength, "invalid-udp-length", "Invalid UDP Length") \
  X(kNoAdjacency, "no-adjacency", "No valid adjacency") \
  X(kNoRoute, "no-route", "No route to host") \
  X(kRpfViolated, "rpf-violated", "Reverse-path verify failed") \
  X(kAclDrop, "acl-drop", "Flow is denied by configured rule") \
  X(kUnableToCreateFlow, "unable-to-create-flow", "Flow denied due to resource limitation") \
  X(kNpSpInvalidSpi, "np-sp-invalid-spi", "Invalid SPI") \
  X(kTcpNotSyn, "tcp-not-syn", "First TCP packet not SYN") \
  X(kInvalidTcpHdrLength, "invalid-tcp-hdr-length", "Invalid TCP Length") \
  X(kBadTcpCksum, "bad-tcp-cksum", "Bad TCP checksum") \
  X(kBadTcpFlags, "bad-tcp-flags", "Bad TCP flags") \
  X(kTcpBadOptionList, "tcp-bad-option-list", "TCP option list invalid") \
  X(kTcpMssExceeded, "tcp-mss-exceeded", "TCP data exceeded MSS") \
  X(kTcpSynackData, "tcp-synack-data", "TCP SYNACK with data") \
  X(kTcpSynData, "tcp-syn-data", "TCP SYN with data") \
  X(kTcpDualOpen, "tcp-dual-open", "TCP Dual open denied") \
  X(kTcpDataPastFin, "tcp-data-past-fin", "TCP data send after FIN") \
  X(kTcpReservedSet, "tcp-reserved-set", "TCP reserved flags set") \
  X(kTcp3whsFailed, "tcp-3whs-failed", "TCP failed 3 way handshake") \
  X(kTcpRstfinOoo, "tcp-rstfin-ooo", "TCP RST/FIN out of order") \
  X(kTcpSeqSynDiff, "tcp-seq-syn-diff", "TCP SEQ in SYN/SYNACK invalid") \
  X(kTcpAckSynDiff, "tcp-ack-syn-diff", "TCP ACK in SYNACK invalid") \
  X(kTcpSynOoo, "tcp-syn-ooo", "TCP SYN on established conn") \
  X(kTcpSynackOoo, "tcp-synack-ooo", "TCP SYNACK on established conn") \
  X(kTcpSeqPastWin, "tcp-seq-past-win", "TCP packet SEQ past window") \
  X(kTcpInvalidAck, "tcp-invalid-ack", "TCP invalid ACK") \
  X(kTcpBufferFull, "tcp-buffer-full", "TCP Out-of-Order packet buffer full") \
  X(kTcpGlobalBufferFull, "tcp-global-buffer-full", "TCP global Out-of-Order packet buffer full") \
  X(kTcpBufferTimeout, "tcp-buffer-timeout", "TCP Out-of-Order packet buffer timeout") \
  X(kTcpRstSynInWin, "tcp-rst-syn-in-win", "TCP RST/SYN in window") \
  X(kTcpAcked, "tcp-acked", "TCP DUP and has been ACKed") \
  X(kTcpDupInQueue, "tcp-dup-in-queue", "TCP dup of packet in Out-of-Order queue") \
  X(kTcpPawsFail, "tcp-paws-fail", "TCP packet failed PAWS test") \
  X(kSslFirstRecordInvalid, "ssl-first-record-invalid", "SSL first record invalid") \
  X(kCtmError, "ctm-error", "CTM returned error") \
  X(kSecurityFailed, "security-failed", "Early security checks failed") \
  X(kSpSecurityFailed, "sp-security-failed", "Slowpath security checks failed") \
  X(kFlowExpired, "flow-expired", "Expired flow") \
  X(kShunned, "shunned", "Packet shunned") \
  X(kInvalidIpOption, "invalid-ip-option", "IP option drop") \
  X(kFragmentReassemblyFailed, "fragment-reassembly-failed", "Fragment reassembly failed") \
  X(kInspectIcmpErrorNoExistingConn, "inspect-icmp-error-no-existing-conn", "ICMP Error Inspect no existing conn") \
  X(kL2Acl, "l2_acl", "FP L2 rule drop") \
  X(kConnectionLock, "connection-lock", "Unable to obtain connection lock") \
  X(kInterfaceDown, "interface-down", "Interface is down") \
  X(kNpSocketClosed, "np-socket-closed", "Dropped pending packets in a closed socket") \
  X(kNpSocketLockFailure, "np-socket-lock-failure", "Dropped pending packets due to a failed attempt to get an internal socket lock") \
  X(kAsyncLockQueueLimit, "async-lock-queue-limit", "Async lock queue limit exceeded") \
  X(kBadCrypto, "bad-crypto", "Bad crypto return in packet") \
  X(kBadIpsecProt, "bad-ipsec-prot", "IPSEC not AH or ESP") \
  X(kBadIpsecUdp, "bad-ipsec-udp", "Bad IPSEC UDP packet") \
  X(kChannelClosed, "channel-closed", "Data path channel closed") \
  X(kClusterBadTrailer, "cluster-bad-trailer", "Failed to fetch the trailer of the packet") \
  X(kClusterCclBackup, "cluster-ccl-backup", "Cluster packet rcvd over CCL on backup") \
  X(kClusterCclUnknown, "cluster-ccl-unknown", "Cluster packet rcvd over CCL, unit has no flow and unknown role") \
  X(kClusterCclUnknownStub, "cluster-ccl-unknown-stub", "Cluster packet rcvd over CCL, unit has stub flow and unknown role") \
  X(kClusterNonIpPkt, "cluster-non-ip-pkt", "Layer 3 protocol of the packet is not IP") \
  X(kConnLimit, "conn-limit", "Connection limit reached") \
  X(kCpEventQueueError, "cp-event-queue-error", "CP event queue error") \
  X(kCpSyslogEventQueueError, "cp-syslog-event-queue-error", "CP syslog event queue error") \
  X(kDispatchBlockAlloc, "dispatch-block-alloc", "Core local block alloc failure") \
  X(kDispatchDecodeErr, "dispatch-decode-err", "Diapatch decode error") \
  X(kDispatchQueueLimit, "dispatch-queue-limit", "Dispatch queue tail drops") \
  X(kDnsGuardIdNotMatched, "dns-guard-id-not-matched", "DNS Guard id not matched") \
  X(kDnsGuardOutOfAppId, "dns-guard-out-of-app-id", "DNS Guard out of app id") \
  X(kDstL2LookupFail, "dst-l2_lookup-fail", "Dst MAC L2 Lookup Failed") \
  X(kFlowBeingFreed, "flow-being-freed", "Flow is being freed") \
  X(kFoStandby, "fo-standby", "Dropped by standby unit") \
  X(kHostLimit, "host-limit", "Host limit") \
  X(kHostMovePkt, "host-move-pkt", "FP host move packet") \
  X(kIfcClassify, "ifc-classify", "Virtual firewall classification failed") \
  X(kInspectDnsIdNotMatched, "inspect-dns-id-not-matched", "DNS Inspect id not matched") \
  X(kInspectDnsInvalidDomainLabel, "inspect-dns-invalid-domain-label", "DNS Inspect invalid domain label") \
  X(kInspectDnsInvalidPak, "inspect-dns-invalid-pak", "DNS Inspect invalid packet") \
  X(kInspectDnsOutOfAppId, "inspect-dns-out-of-app-id", "DNS Inspect out of app id") \
  X(kInspectDnsPakTooLong, "inspect-dns-pak-too-long", "DNS Inspect packet too long") \
  X(kInspectIcmpBadCode, "inspect-icmp-bad-code", "ICMP Inspect bad icmp code") \
  X(kInspectIcmpErrorDifferentEmbeddedConn, "inspect-icmp-error-different-embedded-conn", "ICMP Error Inspect different embedded conn") \
  X(kInspectIcmpErrorNat64Error, "inspect-icmp-error-nat64-error", "ICMP NAT64 Error Inspect XLATE Error") \
  X(kInspectIcmpOutOfAppId, "inspect-icmp-out-of-app-id", "ICMP Inspect out of app id") \
  X(kInspectIcmpSeqNumNotMatched, "inspect-icmp-seq-num-not-matched", "ICMP Inspect seq num not matched") \
  X(kInspectIcmpv6ErrorInvalidPak, "inspect-icmpv6-error-invalid-pak", "ICMPv6 Error Inspect invalid packet") \
  X(kInspectIcmpv6ErrorNoExistingConn, "inspect-icmpv6-error-no-existing-conn", "ICMPv6 Error Inspect no existing conn") \
  X(kInspectRtcpInvalidLength, "inspect-rtcp-invalid-length", "Inspect RTCP invalid packet length") \
  X(kInspectRtcpInvalidPayloadType, "inspect-rtcp-invalid-payload-type", "Inspect RTCP invalid payload-type") \
  X(kInspectRtcpInvalidVersion, "inspect-rtcp-invalid-version", "Inspect RTCP invalid version") \
  X(kInspectRtpInvalidLength, "inspect-rtp-invalid-length", "Inspect RTP invalid packet length") \
  X(kInspectRtpInvalidPayloadType, "inspect-rtp-invalid-payload-type", "Inspect RTP invalid payload-type") \
  X(kInspectRtpInvalidVersion, "inspect-rtp-invalid-version", "Inspect RTP invalid version") \
  X(kInspectRtpMaxOutofseqPaksProbation, "inspect-rtp-max-outofseq-paks-probation", "Inspect RTP Max out of sequence paks in probation") \
  X(kInspectRtpSequenceNumOutofrange, "inspect-rtp-sequence-num-outofrange", "Inspect RTP Sequence number out of range") \
  X(kInspectRtpSsrcMismatch, "inspect-rtp-ssrc-mismatch", "Inspect RTP SSRC mismatch") \
  X(kInspectSrtpClientPortNotPresent, "inspect-srtp-client-port-not-present", "Inspect SRTP Client port not populated") \
  X(kInspectSrtpDecryptFailed, "inspect-srtp-decrypt-failed", "Inspect SRTP decrypt failed") \
  X(kInspectSrtpEncryptFailed, "inspect-srtp-encrypt-failed", "Inspect SRTP encrypt failed") \
  X(kInspectSrtpGenerateAuthtagFailed, "inspect-srtp-generate-authtag-failed", "Inspect SRTP generate authentication tag failed") \
  X(kInspectSrtpNoMediaSession, "inspect-srtp-no-media-session", "Inspect SRTP Media session not found") \
  X(kInspectSrtpNoOutputFlow, "inspect-srtp-no-output-flow", "Inspect SRTP find output flow failed") \
  X(kInspectSrtpNoRemotePhoneProxyIp, "inspect-srtp-no-remote-phone-proxy-ip", "Inspect SRTP Remote Phone Proxy IP not found") \
  X(kInspectSrtpOnePartNoKey, "inspect-srtp-one-part-no-key", "Inspect SRTP keys not available for one party") \
  X(kInspectSrtpSetupSrtpFailed, "inspect-srtp-setup-srtp-failed", "Inspect SRTP failed to setup SRTP with CTM") \
  X(kInspectSrtpValidateAuthtagFailed, "inspect-srtp-validate-authtag-failed", "Inspect SRTP validate authentication tag failed") \
  X(kInterceptUnexpected, "intercept-unexpected", "Intercept unexpected packet") \
  X(kInvalidAppLength, "invalid-app-length", "Invalid app length") \
  X(kInvalidEncap, "invalid-encap", "Invalid encapsulation") \
  X(kInvalidEthertype, "invalid-ethertype", "Invalid Ethertype") \
  X(kInvalidIpAddr, "invalid-ip-addr", "IP address invalid") \
  X(kIpsFail, "ips-fail", "IPS config removed for flow") \
  X(kIpsFailClose, "ips-fail-close", "IPS card is down") \
  X(kIpsNoIpv6, "ips-no-ipv6", "Executing IPS software does not support IPv6") \
  X(kIpsRequest, "ips-request", "IPS Module requested drop") \
  X(kIpsecClearpktNotun, "ipsec-clearpkt-notun", "IPSEC Clear Pkt w/no tunnel") \
  X(kIpsecIpv6, "ipsec-ipv6", "IPSEC via IPV6") \
  X(kIpsecLockError, "ipsec-lock-error", "IPSec locking error") \
  X(kIpsecNeedSa, "ipsec-need-sa", "IPSEC SA Not negotiated yet") \
  X(kIpsecSpoof, "ipsec-spoof", "IPSEC Spoof detected") \
  X(kIpsecudpKeepalive, "ipsecudp-keepalive", "IPSEC/UDP keepalive message") \
  X(kIpv6AhDenied, "ipv6-ah-denied", "IPv6 AH EH denied by config") \
  X(kIpv6BadEh, "ipv6-bad-eh", "IPv6 bad EH") \
  X(kIpv6BadEhOrder, "ipv6-bad-eh-order", "IPv6 EH not in proper order") \
  X(kIpv6DestOptionDenied, "ipv6-dest-option-denied", "IPv6 destination option EH denied by config") \
  X(kIpv6EhCountDenied, "ipv6-eh-count-denied", "IPv6 EH count denied by config") \
  X(kIpv6EhInspectFailed, "ipv6-eh-inspect-failed", "IPv6 EH could not be inspected") \
  X(kIpv6EspDenied, "ipv6-esp-denied", "IPv6 ESP EH denied by config") \
  X(kIpv6FragmentDenied, "ipv6-fragment-denied", "IPv6 fragment EH denied by config") \
  X(kIpv6HopByHopDenied, "ipv6-hop-by-hop-denied", "IPv6 hop-by-hop EH denied by config") \
  X(kIpv6MobilityDenied, "ipv6-mobility-denied", "IPv6 mobility EH denied by config") \
  X(kIpv6MobilityTypeDenied, "ipv6-mobility-type-denied", "IPv6 mobility type EH denied by config") \
  X(kIpv6RoutingAddressDenied, "ipv6-routing-address-denied", "IPv6 routing addresses exceed limit and denied by config") \
  X(kIpv6RoutingTypeDenied, "ipv6-routing-type-denied", "IPv6 routing type EH denied by config") \
  X(kIpv6SpSecurityFailed, "ipv6-sp-security-failed", "IPv6 slowpath security checks failed") \
  X(kL2SameLanPort, "l2_same-lan-port", "L2 Src/Dst same LAN port") \
  X(kLoopbackBufferFull, "loopback-buffer-full", "Loopback buffer full") \
  X(kLoopbackCountExceeded, "loopback-count-exceeded", "Loopback count exceeded") \
  X(kLoopbackIfcNotFound, "loopback-ifc-not-found", "Loopback output interface not found") \
  X(kLoopbackLockFailed, "loopback-lock-failed", "Loopback lock failed") \
  X(kLuInvalidPkt, "lu-invalid-pkt", "Invalid LU packet") \
  X(kMcastInNonactiveDevice, "mcast-in-nonactive-device", "Received a multicast packet in the non-active device") \
  X(kMpPfQueueFull, "mp-pf-queue-full", "PF Module queue full") \
  X(kMpSvcAddrRenewResponse, "mp-svc-addr-renew-response", "SVC Module received address renew response data frame") \
  X(kMpSvcBadFraming, "mp-svc-bad-framing", "SVC Module received badly framed data") \
  X(kMpSvcCompressError, "mp-svc-compress-error", "SVC Module compression error") \
  X(kMpSvcDecompresError, "mp-svc-decompres-error", "SVC Module decompression error") \
  X(kMpSvcDeleteInProgress, "mp-svc-delete-in-progress", "SVC Module received data while connection was being deleted") \
  X(kMpSvcInvalidMac, "mp-svc-invalid-mac", "SVC Module found invalid L2 data in the frame") \
  X(kMpSvcInvalidMacLen, "mp-svc-invalid-mac-len", "SVC Module found invalid L2 data length in the frame") \
  X(kMpSvcNoMac, "mp-svc-no-mac", "SVC Module unable to find L2 data for frame") \
  X(kMpSvcNoPrepend, "mp-svc-no-prepend", "SVC Module does not have enough space to insert header") \
  X(kMpSvcUnknownType, "mp-svc-unknown-type", "SVC Module received unknown data frame") \
  X(kNatNoXlateToPatPool, "nat-no-xlate-to-pat-pool", "Connection to PAT address without pre-existing xlate") \
  X(kNatXlateFailed, "nat-xlate-failed", "NAT failed") \
  X(kNoMcastEntry, "no-mcast-entry", "FP no mcast entry") \
  X(kNoMcastIntrf, "no-mcast-intrf", "FP no mcast output intrf") \
  X(kNonIpPktInRoutedMode, "non-ip-pkt-in-routed-mode", "Non-IP packet received in routed mode") \
  X(kPuntNoMem, "punt-no-mem", "Punt no memory") \
  X(kPuntQueueLimit, "punt-queue-limit", "Punt queue limit exceeded") \
  X(kPuntRateLimit, "punt-rate-limit", "Punt rate limit exceeded") \
  X(kQueueRemoved, "queue-removed", "Rate-limiter queued packet dropped") \
  X(kRateExceeded, "rate-exceeded", "Output QoS rate exceeded") \
  X(kRmConnLimit, "rm-conn-limit", "RM connection limit reached") \
  X(kRmConnRateLimit, "rm-conn-rate-limit", "RM connection rate limit reached") \
  X(kSendCtmError, "send-ctm-error", "Send to CTM returned error") \
  X(kSsmAppFail, "ssm-app-fail", "Service module is down") \
  X(kSsmAppRequest, "ssm-app-request", "Service module requested drop") \
  X(kSsmAsdpInvalid, "ssm-asdp-invalid", "Invalid ASDP packet received from SSM card") \
  X(kSsmDppInvalid, "ssm-dpp-invalid", "Invalid packet received from SSM card") \
  X(kTcpConnLimit, "tcp-conn-limit", "TCP Connection limit reached") \
  X(kTcpDiscardedOoo, "tcp-discarded-ooo", "TCP ACK in 3 way handshake invalid") \
  X(kTcpFoDrop, "tcp-fo-drop", "TCP replicated flow pak drop") \
  X(kTcpXmitPartial, "tcp_xmit_partial", "TCP retransmission partial") \
  X(kTcpnormRexmitBad, "tcpnorm-rexmit-bad", "TCP bad retransmission") \
  X(kTcpnormWinVariation, "tcpnorm-win-variation", "TCP unexpected window size variation") \
  X(kTelnetNotPermitted, "telnet-not-permitted", "Telnet not permitted on least secure interface") \
  X(kTfwNoMgmtIpConfig, "tfw-no-mgmt-ip-config", "No management IP address configured for TFW") \
  X(kTtlExceeded, "ttl-exceeded", "ttl exceeded") \
  X(kUnableToAddFlow, "unable-to-add-flow", "Flow hash full") \
  X(kUnexpectedPacket, "unexpected-packet", "Unexpected packet") \
  X(kUnsupportIpv6Hdr, "unsupport-ipv6-hdr", "Unsupported IPV6 header") \
  X(kVpnContextExpired, "vpn-context-expired", "Expired VPN context") \
  X(kVpnHandleError, "vpn-handle-error", "VPN Handle Error") \
  X(kVpnHandleMismatch, "vpn-handle-mismatch", "VPN Handle Mismatch Error") \
  X(kVpnLockError, "vpn-lock-error", "IPSec locking error") \
  X(kWccpRedirectNoRoute, "wccp-redirect-no-route", "WCCP redirect packet no route") \
  X(kWccpReturnNoRoute, "wccp-return-no-route", "WCCP returned packet no route")

#define SALLYPORT_FLOW_DROPS(X) \
  X(kVpnHandleNotFound, "vpn-handle-not-found", "VPN handle not found") \
  X(kSvcReplacementConn, "svc-replacement-conn", "SVC replacement connection established") \
  X(kIpsecSelectorFailure, "ipsec-selector-failure", "IPSec inner policy mismatch failure") \
  X(kVpnOverlapConflict, "vpn-overlap-conflict", "VPN overlap conflict") \
  X(kVpnMissingDecrypt, "vpn-missing-decrypt", "VPN decryption missing") \
  X(kAclDrop, "acl-drop", "Flow is denied by access rule") \
  X(kInspectFail, "inspect-fail", "Inspection failure") \
  X(kSslBadRecordDetect, "ssl-bad-record-detect", "SSL bad record detected") \
  X(kSslHandshakeFailed, "ssl-handshake-failed", "SSL handshake failed") \
  X(kDtlsHelloClose, "dtls-hello-close", "DTLS hello processed and closed") \
  X(kCtmCryptoRequestError, "ctm-crypto-request-error", "CTM crypto request error") \
  X(kSslRecordDecryptError, "ssl-record-decrypt-error", "SSL record decryption failed") \
  X(kSvcSelectorFailure, "svc-selector-failure", "SVC inner policy mismatch failure") \
  X(kClusterRedirect, "cluster-redirect", "Flow removed, packet sent to owner") \
  X(kNatFailed, "nat-failed", "NAT failed") \
  X(kNatRpfFailed, "nat-rpf-failed", "NAT reverse path failed") \
  X(kOutOfMemory, "out-of-memory", "No memory to complete flow") \
  X(kShunned, "shunned", "Flow shunned") \
  X(kSslReceivedCloseAlert, "ssl-received-close-alert", "SSL received close alert") \
  X(kSvcFailover, "svc-failover", "SVC failover") \
  X(kTunnelTornDown, "tunnel-torn-down", "Tunnel has been torn down") \
  X(kTunnelPending, "tunnel-pending", "Tunnel being brought up or torn down") \
  X(kNeedIke, "need-ike", "Need to start IKE negotiation") \
  X(kVpnHandleError, "vpn-handle-error", "VPN handle error") \
  X(kIpsecSpoofDetect, "ipsec-spoof-detect", "IPsec spoof packet detected") \
  X(kSvcSpoofDetect, "svc-spoof-detect", "SVC spoof packet detected") \
  X(kNoInspect, "no-inspect", "Failed to allocate inspection") \
  X(kResetByIps, "reset-by-ips", "Flow reset by IPS") \
  X(kFlowReclaimed, "flow-reclaimed", "Non-tcp/udp flow reclaimed for new request") \
  X(kNonTcpSyn, "non_tcp_syn", "Non-syn TCP") \
  X(kRmXlateLimit, "rm-xlate-limit", "RM xlate limit reached") \
  X(kRmHostLimit, "rm-host-limit", "RM host limit reached") \
  X(kRmInspectRateLimit, "rm-inspect-rate-limit", "RM inspect rate limit reached") \
  X(kTcpmodConnectClash, "tcpmod-connect-clash", "A TCP connect socket clashes with an existing listen connection") \
  X(kSsmAppRequest, "ssm-app-request", "Flow terminated by service module") \
  X(kSsmAppFail, "ssm-app-fail", "Service module failed") \
  X(kSsmAppIncompetent, "ssm-app-incompetent", "Service module incompetent") \
  X(kSslMallocError, "ssl-malloc-error", "SSL malloc error") \
  X(kNpSocketConnNotAccepted, "np-socket-conn-not-accepted", "A new socket connection was not accepted") \
  X(kNpSocketDataMoveFailure, "np-socket-data-move-failure", "NP socket data movement failure") \
  X(kNpSocketFailure, "np-socket-failure", "NP socket failure") \
  X(kNpSocketRelayFailure, "np-socket-relay-failure", "NP socket relay failure") \
  X(kNpSocketNewConnFailure, "np-socket-new-conn-failure", "NP socket new connection failure") \
  X(kNpSocketTransportClosed, "np-socket-transport-closed", "NP socket transport closed") \
  X(kNpSocketBlockConvFailure, "np-socket-block-conv-failure", "NP socket block conversion failure") \
  X(kClosedByInspection, "closed-by-inspection", "Flow closed by inspection") \
  X(kPinholeTimeout, "pinhole-timeout", "Pinhole timeout") \
  X(kHostRemoved, "host-removed", "Host is removed") \
  X(kXlateRemoved, "xlate-removed", "Xlate Clear") \
  X(kConnectionTimeout, "connection-timeout", "Connection timeout") \
  X(kConnLimitExceeded, "conn-limit-exceeded", "Connection limit exceeded") \
  X(kTcpFins, "tcp-fins", "TCP FINs") \
  X(kTcpResetI, "tcp-reset-i", "TCP Reset-I") \
  X(kTcpResetO, "tcp-reset-o", "TCP Reset-O") \
  X(kSynTimeout, "syn-timeout", "SYN Timeout") \
  X(kFinTimeout, "fin-timeout", "FIN Timeout") \
  X(kTcpInteceptNoResponse, "tcp-intecept-no-response", "TCP intercept, no response from server") \
  X(kTcpInterceptUnexpected, "tcp-intercept-unexpected", "TCP intercept unexpected state") \
  X(kTcpnormRexmitBad, "tcpnorm-rexmit-bad", "TCP bad retransmission") \
  X(kTcpnormWinVariation, "tcpnorm-win-variation", "TCP unexpected window size variation") \
  X(kTcpnormInvalidSyn, "tcpnorm-invalid-syn", "TCP invalid SYN") \
  X(kMcastIntrfRemoved, "mcast-intrf-removed", "Multicast interface removed") \
  X(kMcastEntryRemoved, "mcast-entry-removed", "Multicast entry removed") \
  X(kTcpInterceptKill, "tcp-intercept-kill", "Flow terminated by TCP Intercept") \
  X(kAuditFailure, "audit-failure", "Audit failure") \
  X(kIpsLicenseDisabledFailClose, "ips-license-disabled-fail-close", "IPS license disabled") \
  X(kBackplaneChannelNull, "backplane-channel-null", "Backplane channel null") \
  X(kInvalidMapAddressPort, "invalid-map-address-port", "Invalid MAP address/port combination") \
  X(kRoutingDisabled, "routing-disabled", "Routing disabled") \
  X(kRouteChange, "route-change", "Route change") \
  X(kLoopback, "loopback", "Flow is a loopback") \
  X(kFoPrimaryClosed, "fo-primary-closed", "Failover primary closed") \
  X(kFoStandby, "fo-standby", "Flow closed by failover standby") \
  X(kFoRepErr, "fo_rep_err", "Standby flow replication error") \
  X(kRecurse, "recurse", "Close recursive flow") \
  X(kConnTimeout, "conn-timeout", "Connection timeout") \
  X(kSfrRequest, "sfr-request", "Flow terminated by SFR")

enum class FrameDrop : std::uint8_t {
  kNone = 0,
#define X(id, keyword, text) id,
  SALLYPORT_FRAME_DROPS(X)
#undef X
      kCount
};

enum class FlowDrop : std::uint8_t {
  kNone = 0,
#define X(id, keyword, text) id,
  SALLYPORT_FLOW_DROPS(X)
#undef X
      kCount
};

std::string_view Keyword(FrameDrop reason);  // "acl-drop"; "" for kNone
std::string_view Text(FrameDrop reason);     // "Flow is denied by configured rule"
std::string_view Keyword(FlowDrop reason);
std::string_view Text(FlowDrop reason);

// Counts of one engine; written by the data thread only.
struct DropCounters {
  std::array<std::uint64_t, static_cast<std::size_t>(FrameDrop::kCount)> frame{};
  std::array<std::uint64_t, static_cast<std::size_t>(FlowDrop::kCount)> flow{};
  void Count(FrameDrop r) { frame[static_cast<std::size_t>(r)]++; }
  void Count(FlowDrop r) { flow[static_cast<std::size_t>(r)]++; }
};

}  // namespace sallyport
