-- Protocols of a panel of lab tests, as a template lists them.
select
    b.lab_test_panel_accession,
    string_agg(p.protocol_accession, '; ' order by p.protocol_accession) as protocol_accession
from star.bridge_lab_panel_protocol as b
inner join star.dim_protocol as p on b.protocol_key = p.protocol_key
where b.study_key = :study_key
group by b.lab_test_panel_accession
