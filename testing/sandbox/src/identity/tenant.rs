//! The tenants of the sandbox, and in which way each behaves differently.

/// A tenant, as a customer has one.
#[derive(Debug, PartialEq, Eq)]
pub struct Tenant {
    /// The directory id, a GUID.
    pub id: &'static str,
    /// A verified domain, which callers may use instead of the id.
    pub domain: &'static str,
    /// The display name, which appears in error texts.
    pub name: &'static str,
}

/// The main tenant: everything works as documented.
pub static CONTOSO: Tenant = Tenant {
    id: "a4c123b1-612d-4272-a137-1c17149d4395",
    domain: "contoso.example",
    name: "Contoso",
};

/// A second customer: other records about the same observables.
pub static FABRIKAM: Tenant = Tenant {
    id: "511cbab5-a1bd-41d4-ac0e-4572c567ceb5",
    domain: "fabrikam.example",
    name: "Fabrikam",
};

/// Contoso's data; Graph refuses `$filter` on evidence with 400.
pub static NORTHWIND: Tenant = Tenant {
    id: "1bc96227-628b-4c59-85df-ca2aafd6b0f7",
    domain: "northwind.example",
    name: "Northwind",
};

/// Contoso's data; Graph refuses `$filter` on evidence with 501.
pub static ADATUM: Tenant =
    Tenant { id: "59840c63-c99e-4178-874b-8183e45453a3", domain: "adatum.example", name: "Adatum" };

/// Contoso's data; Graph does not look at `$filter` on alerts.
pub static LITWARE: Tenant = Tenant {
    id: "36eda934-9991-4b6e-a17c-a0197189422c",
    domain: "litware.example",
    name: "Litware",
};

/// Contoso's data; Defender's own API is retired and answers 410.
pub static WINGTIP: Tenant = Tenant {
    id: "9c1d4e77-0f52-4b1b-8a6e-2f7d3b5a9e01",
    domain: "wingtip.example",
    name: "Wingtip",
};

/// Contoso's data; Defender's own API is retired and answers 404.
pub static TAILSPIN: Tenant = Tenant {
    id: "c7a2f1d0-3e6b-4d58-9b04-61f8e2a7c302",
    domain: "tailspin.example",
    name: "Tailspin",
};

/// Contoso's data without call limits, neither Defender's nor Graph's, for load tests.
pub static WOODGROVE: Tenant = Tenant {
    id: "e41b9a36-58c7-4f20-8d19-0a5c7e3f6b03",
    domain: "woodgrove.example",
    name: "Woodgrove",
};

/// Fabrikam's data without call limits, neither Defender's nor Graph's, for load tests.
pub static RELECLOUD: Tenant = Tenant {
    id: "0d7f52c8-9b1e-4a63-b3f5-48e6a1c92d04",
    domain: "relecloud.example",
    name: "Relecloud",
};

/// All tenants.
pub static ALL: [&Tenant; 9] = [
    &CONTOSO, &FABRIKAM, &NORTHWIND, &ADATUM, &LITWARE, &WINGTIP, &TAILSPIN, &WOODGROVE, &RELECLOUD,
];

impl Tenant {
    /// Whether it has [`FABRIKAM`]'s data; all others have [`CONTOSO`]'s.
    pub(crate) fn is_second_customer(&self) -> bool {
        [&FABRIKAM, &RELECLOUD].contains(&self)
    }

    /// Whether the published call limits are kept.
    pub(crate) fn is_limited(&self) -> bool {
        ![&WOODGROVE, &RELECLOUD].contains(&self)
    }
}

/// The tenant with this id or domain, in any case.
pub(crate) fn find(id_or_domain: &str) -> Option<&'static Tenant> {
    ALL.into_iter().find(|tenant| {
        tenant.id.eq_ignore_ascii_case(id_or_domain)
            || tenant.domain.eq_ignore_ascii_case(id_or_domain)
    })
}
