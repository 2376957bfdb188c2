// Lists of revoked certificates: fetched when they are needed, kept as long as they are good.
#include <gtest/gtest.h>

#include "service_fakes.h"
#include "tests/vpn/authority.h"

namespace sallyport {
namespace {

class ServiceCrls : public ServiceTest {
 protected:
  ServiceCrls() : authority("Root") {
    authority.crl_url = "http://192.0.2.80/root.crl";
    leaf = authority.Issue(*PrivateKey::NewEc(KeyType::kEcP256), {{"cn", "a"}});
    t.name = "TP";
    t.ca_pem = authority.certificate().ToPem();
    t.identity_pem = leaf.ToPem();
    t.revocation = {Trustpoint::Revocation::kCrl};
    auto again = std::make_shared<Policy>(*policy);
    vpn->trustpoints["TP"] = t;
    again->tunnels = std::make_shared<VpnPolicy>(*vpn);
    service->UsePolicy(again);
  }
  // As an engine asks, in the middle of a message.
  std::vector<std::uint8_t> Asked() {
    std::vector<std::uint8_t> list;
    v1->on_advance = [&] { list = v1->host.CrlOf(t, leaf); };
    Step(Duration::Milliseconds(1));
    v1->on_advance = {};
    return list;
  }
  void Answer(const Result<std::vector<std::uint8_t>>& r) {
    const auto done = std::move(fetches.at(0).second);
    fetches.erase(fetches.begin());
    done(r);
  }
  TestAuthority authority;
  Certificate leaf;
  Trustpoint t;
};

TEST_F(ServiceCrls, APeerThatComesBeforeTheListHasItFetched) {
  EXPECT_TRUE(Asked().empty());
  ASSERT_EQ(fetches.size(), 1u);
  EXPECT_EQ(fetches[0].first, "http://192.0.2.80/root.crl");
  EXPECT_TRUE(Asked().empty());
  EXPECT_EQ(fetches.size(), 1u) << "it was asked for";
  const auto list = authority.Crl({});
  Answer(list);
  EXPECT_EQ(Asked(), list);
  ASSERT_EQ(service->Crls().size(), 1u);
  EXPECT_EQ(service->Crls()[0].url, "http://192.0.2.80/root.crl");
  EXPECT_EQ(service->Crls()[0].bytes, list.size());
  EXPECT_TRUE(fetches.empty());
  // It is kept for an hour.
  Step(Duration::Seconds(3599));
  EXPECT_EQ(Asked(), list);
  Step(Duration::Seconds(1));
  EXPECT_TRUE(Asked().empty());
  EXPECT_EQ(fetches.size(), 1u);
  Answer(Error{"no answer"});
  EXPECT_EQ(Logged("717010"), std::vector<std::string>{"CRL polling failed for trustpoint TP."});
}

TEST_F(ServiceCrls, AnOperatorAsks) {
  t.crl_urls = {"ldap://192.0.2.80/", "http://192.0.2.81/root.crl"};
  auto again = std::make_shared<Policy>(*policy);
  vpn->trustpoints["TP"] = t;
  again->tunnels = std::make_shared<VpnPolicy>(*vpn);
  service->UsePolicy(again);
  std::vector<std::string> answers;
  const auto heard = [&](const Status& s) { answers.push_back(s ? "here" : s.error()); };
  service->RequestCrl("none", heard);
  service->RequestCrl("TP", heard);
  ASSERT_EQ(fetches.size(), 1u);
  Answer(Error{"only http is spoken here"});
  ASSERT_EQ(fetches.at(0).first, "http://192.0.2.81/root.crl");
  Answer(TestAuthority("Another").Crl({}));
  ASSERT_EQ(fetches.at(0).first, "http://192.0.2.80/root.crl") << "that of the certificate";
  Answer(std::vector<std::uint8_t>{'<', 'h', 't', 'm', 'l'});
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_EQ(answers[0], "nothing is configured that would use it");
  EXPECT_TRUE(answers[1].starts_with("http://192.0.2.80/root.crl: no revocation list")) << answers[1];
  service->RequestCrl("TP", heard);
  Answer(Error{"x"});
  Answer(authority.Crl({leaf}));
  EXPECT_EQ(answers.back(), "here");
  EXPECT_EQ(service->Crls().size(), 1u);
  service->ClearCrls("");
  EXPECT_TRUE(service->Crls().empty());
}

}  // namespace
}  // namespace sallyport
